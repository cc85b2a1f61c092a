"""Texts in the form that phones print them, with figures of our own."""

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

GETPROP = """\
[dalvik.vm.heapsize]: [512m]
[persist.sys.boot.reason.history]: [reboot,ota,1700000003
reboot,userrequested,1700000002
cold,1700000001]
[ro.board.platform]: [sun]
[ro.boot.bootreason]: []
[ro.build.fingerprint]: [acme/phone/phone:15/AB3A.250101.001/1234567:user/release-keys]
[ro.build.type]: [user]
[ro.build.version.release]: [15]
[ro.build.version.sdk]: [35]
[ro.build.version.security_patch]: [2026-02-01]
[ro.odd]: [a [bracket] within]
[ro.product.cpu.abi]: [arm64-v8a]
[ro.product.device]: [phone]
[ro.product.manufacturer]: [Acme]
[ro.product.marketname]: [Acme Phöne 5]
[ro.product.model]: [AP-5001]
[ro.product.name]: [phone_eea]
[ro.product.system.model]: [Generic System]
[ro.soc.manufacturer]: [QTI]
[ro.soc.model]: [SM8750]
[sys.boot_completed]: [1]
"""

POWER = """\
POWER MANAGER (dumpsys power)

Power Manager State:
  mDirty=0x0
  mWakefulness=Asleep
  mWakefulnessChanging=false
  mIsPowered=true
  mPlugType=2
  mStayOn=true
  mProximityPositive=false
  mLastWakeTime=7700012 (40233 ms ago)
"""
DISPLAY = """\
DISPLAY MANAGER (dumpsys display)
  mSafeMode=false

Display States: size=2
  Display Id=0
  Display State=OFF
  Display Brightness=-1.0
  Display Id=3
  Display State=ON
  Display Brightness=0.4

Display Devices: size=1
    mState=ON
    mActiveSfDisplayMode=DisplayMode{id=1, width=1080, height=2400, xDpi=400.0, yDpi=400.0, \
peakRefreshRate=120.00001, vsyncRate=120.00001, group=0}
"""
SURFACE_FLINGER = """\
Display 4619827259835644672 (internal, primary, "Built-in Screen")
   deviceProductInfo={}
   powerMode=On
   activeModeId=1
"""
DEVICEIDLE = (
    "  mLightEnabled=true  mDeepEnabled=true\n  mScreenOn=false\n  mState=IDLE_PENDING mLightState=IDLE\n  mInactiveTimeout=+30m0s0ms\n"
)
SETTINGS = "0#KEY=1\nadb_enabled=1\nbattery_saver_constants=vibration=true,gps_mode=2\nstay_on_while_plugged_in=7\nzen_duration=null\n"
APP_MEMORY = """\
** MEMINFO in pid 4321 [org.example] **
  Native Heap    12345    12000        0        0    13000    20000    15000     5000
        TOTAL   204800   150000    10000     2048   180224    40000    30000    10000

           TOTAL PSS:   204800            TOTAL RSS:   180224       TOTAL SWAP PSS:     2048
"""
UPTIME = " 09:14:33 up 3 days,  7:05,  0 users,  load average: 2.31, 1.87, 1.90\n"
DF = """\
Filesystem       1K-blocks      Used Available Use% Mounted on
tmpfs              3780120      1660   3778460   1% /dev
/dev/block/bootdevice/by-name/very-long-name
                   4016184   3001200   1014984  75% /vendor
/dev/block/dm-50 112233440  60233440  51900000  54% /data
"""
ADB_DEVICES = """\
* daemon not running; starting now at tcp:5037
* daemon started successfully
List of devices attached
R5CX0000001            device usb:3-1.4 product:pa1qeea model:SM_S931B device:pa1q transport_id:7
192.0.2.7:5555         offline product:phone model:AP_5001 device:phone transport_id:8
adb-0A1B2C-xyzabc._adb-tls-connect._tcp device product:phone model:AP_5001 device:phone transport_id:9
00000000\tunauthorized transport_id:10
0123456789ABCDEF       no permissions (missing udev rules? user is in the plugdev group); \
see [http://developer.android.com/tools/device.html] usb:3-1.2

"""
ADB_PUSH = "model.pte: 1 file pushed, 0 skipped. 38.1 MB/s (104857600 bytes in 2.627s)\n"

LOGCAT = """\
02-03 04:05:06.001  512  512 I lowmemorykiller: Kill 'org.example.app' (4321), uid 10321, oom_score_adj 900 to free \
180224kB rss, 2048kB swap; reason: low watermark is breached and swap is low (1024kB < 4096kB)
02-03 04:05:06.101  512  512 E lowmemorykiller: Failed to connect to socket: Permission denied
02-03 04:05:06.201 1444 1502 I ActivityManager: Killing 5000:com.example.idle/u0a99 (adj 985): empty #31
02-03 04:05:06.301 1444 1502 I ActivityManager: Process org.example.app (pid 4321) has died: cch  CRE
02-03 04:05:06.401    0    0 E         : Out of memory: Killed process 6001 (harness) total-vm:9000000kB, anon-rss:7000000kB
02-03 04:05:06.501 1444 1502 I am_kill : [0,7000,com.example.other,0,stop com.example.other due to clear data,4711]
"""
TOMBSTONE = """\
*** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***
Build fingerprint: 'acme/phone/phone:15/AB3A.250101.001/1234567:user/release-keys'
Revision: '0'
ABI: 'arm64'
Timestamp: 2026-02-03 04:05:06.789012345+0100
Process uptime: 12s
Cmdline: ./harness --job job.json
pid: 6001, tid: 6004, name: worker  >>> ./harness <<<
uid: 2000
signal 6 (SIGABRT), code -1 (SI_QUEUE), fault addr --------
Abort message: 'terminating due to uncaught exception of type std::bad_alloc'
    x0  0000000000000000  x1  0000000000001774  x2  0000000000000006  x3  0000007a00000000

backtrace:
      #00 pc 0000000000051234  /apex/com.android.runtime/lib64/bionic/libc.so (abort+164)
"""

# iOS, written from the fields that Apple documents.

CRASH_REPORT = """\
{"app_name":"FarmHarness","timestamp":"2026-01-02 03:04:05.00 +0000","bug_type":"309","os_version":"iPhone OS 18.6 (22G86)"}
{
  "pid" : 4711,
  "procName" : "FarmHarness",
  "bundleInfo" : {"CFBundleIdentifier":"org.phonefarm.harness"},
  "exception" : {"type":"EXC_BAD_ACCESS","signal":"SIGSEGV","subtype":"KERN_INVALID_ADDRESS at 0x0000000000000000"},
  "termination" : {"flags":0,"code":11,"namespace":"SIGNAL","indicator":"Segmentation fault: 11","byProc":"exc handler","byPid":4711},
  "faultingThread" : 0
}
"""

JETSAM_REPORT = """\
{"bug_type":"298","timestamp":"2026-01-02 03:04:05.00 +0000","os_version":"iPhone OS 18.6 (22G86)","incident_id":"0A1B2C3D"}
{
  "product" : "iPhone17,1",
  "memoryStatus" : {"pageSize":16384},
  "largestProcess" : "FarmHarness",
  "processes" : [
    {"name":"SpringBoard","pid":34,"rpages":9000,"states":["active"]},
    {"name":"FarmHarness","pid":4711,"rpages":213623,"lifetimeMax":213623,"states":["frontmost"],"reason":"per-process-limit"}
  ]
}
"""

PROC_NET_TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:89BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1111 1 0000000000000000 100 0 0 10 0
   1: 0100007F:14AC 00000000:0000 0A 00000000:00000001 00:00000000 00000000  1000        0 2222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:14AC 0100007F:BC4E 01 00000000:00000000 00:00000000 00000000  1000        0 3333 1 0000000000000000 20 4 30 10 -1
"""
