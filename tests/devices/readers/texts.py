"""Texts of batteries, heat, energy and processors in the form that phones print them, with figures of our own."""

AOSP_BATTERY = """\
Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 1500000
 Time when the latest updated value of the Max charging current was sent via battery changed broadcast: +3m7s21ms
  Max charging voltage: 9000000
  Charge counter: 3041500
  status: 2
  health: 2
  present: true
  level: 71
  scale: 100
  voltage: 3987
 Time when the latest updated value of the voltage was sent via battery changed broadcast: +12s5ms
 The last voltage value sent via the battery changed broadcast: 3991
  temperature: 294
  technology: Li-ion
  Charging state: 0
  Charging policy: 1
  Capacity level: 3
"""
SAMSUNG_BATTERY = (
    AOSP_BATTERY
    + """\
  batteryMiscEvent: 0
  batteryCurrentEvent: 1
  LED Charging: true
  current now: -612
  charge counter: 3041500
FEATURE_WIRELESS_FAST_CHARGER_CONTROL: true
LLB CAL: 20240115
BatteryInfoBackUp
  mSavedBatteryAsoc: [97]
  mSavedBatteryMaxTemp: 588

[BattActionChangedLogBuffer]
02-03 04:05:06.789  Sending ACTION_BATTERY_CHANGED: level:12, status:3, voltage:3601, temperature:401, current_avg:-999
"""
)
OPLUS_BATTERY = (
    """\
Current OPLUS Battery Service state:
  Charger voltage : 5012
  Battery current : -1204
  ChargerTechnology: 0
  ChargeFastCharger: false
  PlugType: 2
  UpdatesStopped: false
  BatteryHwStatus: -2147483648

  PhoneTemp: 315
  ThermalFeatureOn: true
"""
    + AOSP_BATTERY
)
FROZEN_BATTERY = AOSP_BATTERY.replace("state:\n", "state:\n  (UPDATES STOPPED -- use 'reset' to restart)\n")
UEVENT = """\
POWER_SUPPLY_NAME=battery
POWER_SUPPLY_TYPE=Battery
POWER_SUPPLY_STATUS=Discharging
POWER_SUPPLY_CAPACITY=58
POWER_SUPPLY_VOLTAGE_NOW=3801250
POWER_SUPPLY_CURRENT_NOW=402133
POWER_SUPPLY_TEMP=288
POWER_SUPPLY_CHARGE_COUNTER=2204000
POWER_SUPPLY_CHARGE_FULL=3800000
POWER_SUPPLY_CHARGE_FULL_DESIGN=4000000
POWER_SUPPLY_CYCLE_COUNT=88
"""
PARCEL = """\
Result: Parcel(
  0x00000000: 00000000 00000000 00000001 fffa2f10 '............./..'
  0x00000010: ffffffff ffffffff                   '........        ')
"""
_HEAD = """\
IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 4
\tkilled: false
\tbroadcasts count: -1
ThermalStatusListeners:
\tcallbacks: 2
\tkilled: false
\tbroadcasts count: -1
Thermal Status: 1
"""
_TAIL = """\
Current cooling devices from HAL:
\tCoolingDevice{mValue=2, mType=2, mName=cpu, big}
\tCoolingDevice{mValue=0, mType=3, mName=gpu}
Temperature static thresholds from HAL:
\tTemperatureThreshold{mType=3, mName=VIRTUAL-SKIN, mHotThrottlingThresholds=[NaN, 38.5, 42.5, 45.5, 47.5, 51.0, 55.0], \
mColdThrottlingThresholds=[NaN, NaN, NaN, NaN, NaN, NaN, NaN]}
\tTemperatureThreshold{mType=6, mName=vdroop1, mHotThrottlingThresholds=[NaN, 990.0, NaN, NaN, NaN, NaN, NaN], \
mColdThrottlingThresholds=[NaN, NaN, NaN, NaN, NaN, NaN, NaN]}
Temperature headroom thresholds:
[NaN, 0.77, 0.9, 1.0, NaN, NaN, NaN]
"""
_HAL = """\
\tTemperature{mValue=33.25, mType=3, mName=VIRTUAL-SKIN, mStatus=1}
\tTemperature{mValue=34.5, mType=3, mName=VIRTUAL-SKIN-BACK, mStatus=0}
\tTemperature{mValue=41.600002, mType=0, mName=BIG, mStatus=0}
\tTemperature{mValue=NaN, mType=1, mName=G3D, mStatus=0}
\tTemperature{mValue=0.0, mType=4, mName=USB-PORT, mStatus=0}
\tTemperature{mValue=1040.0, mType=6, mName=vdroop1, mStatus=0}
\tTemperature{mValue=5100.0, mType=7, mName=ocp_cpu, mStatus=0}
\tTemperature{mValue=71.0, mType=8, mName=soc, mStatus=0}
\tTemperature{mValue=-0.31, mType=-1, mName=USB-MINUS-QI, mStatus=0}
\tTemperature{mValue=27.1, mType=2, mName=battery, mStatus=0}
"""
_CACHED = "".join(line.replace("mValue=", "mValue=9") + "\n" for line in _HAL.splitlines() if "=NaN" not in line and "=-" not in line)


def thermal_dump(cached: str = _CACHED, hal: str = _HAL) -> str:
    return (
        f"{_HEAD}Cached temperatures:\n{cached}HAL Ready: true\nHAL connection:\n\tThermal HAL AIDL 3  connected: yes\n"
        f"Current temperatures from HAL:\n{hal}{_TAIL}"
    )


THERMAL = thermal_dump()
THERMAL_HAL_ONLY = thermal_dump(cached="")
THERMAL_CACHED_ONLY = f"{_HEAD}Cached temperatures:\n{_CACHED}HAL Ready: false\n"
POWER_STATS = """\

============= PowerStats HAL 2.0 state residencies ==============
            Entity                State         Total time     Total entries   Last entry tstamp
              CPUCL0               DOWN        812345 ms             40213           912044 ms
               AoC                 A32           1209 ms               77           900001 ms
========== End of PowerStats HAL 2.0 state residencies ==========

============= PowerStats HAL 2.0 energy consumers ==============
CPUCL0       :       55001.22 mWs
       10123 -         302.75 mWs
TPU          :        4100.00 mWs
========== End of PowerStats HAL 2.0 energy consumers ==========

============= PowerStats HAL 2.0 energy meter ==============
                           Channel    Cumulative Energy
          [S2M_VDD_CPUCL2]:CPU(BIG)         61234.57 mWs
       [S4M_VDD_CPUCL0]:CPU(LITTLE)        120450.12 mWs
            [S10M_VDD_TPU]:TPU            9031.00 mWs
       [VSYS_PWR_WLAN_BT]:WLAN_BT       1500000.25 mWs
========== End of PowerStats HAL 2.0 energy meter ==========
"""
POWER_STATS_DELTA = """\

============= PowerStats HAL 2.0 energy meter ==============
Elapsed time: 1203 ms
                           Channel    Cumulative Energy (      Delta   )
          [S2M_VDD_CPUCL2]:CPU(BIG)         61234.57 mWs (         12.50)
========== End of PowerStats HAL 2.0 energy meter ==========
"""
METER = """\
t=120345
CH0(T=120345)[S10M_VDD_TPU], 1203344
CH1(T=120345)[VSYS_PWR_MODEM], 8812093
CH2(T=120345)[S2M_VDD_CPUCL2], 51234567890
"""
STAT = "cpu  81234 2031 40115 903321 1702 3310 2207 12 0 0\ncpu0 20311 501 9920 225001 440 1200 800 3 0 0\nintr 55123 0 7\n"
PID_STAT = "6001 (a (worker)) S 1 6001 6001 0 -1 4194560 120 0 3 0 41 12 0 0 20 0 4 0 987654 10851000 512 18446744073709551615\n"
TIME_IN_STATE = "300000 120334\n576000 4402\n1113600 31\n2803200 9120\n"
CPUINFO = "".join(
    f"processor\t: {number}\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
    f"CPU variant\t: 0x1\nCPU part\t: {part}\nCPU revision\t: 1\n\n"
    for number, part in enumerate(("0xd80", "0xd80", "0xd81", "0xd82"))
)
