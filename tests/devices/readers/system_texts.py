"""Texts of Android itself and of its logs in the form that phones print them, with figures of our own."""

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
PROC_NET_TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:89BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1111 1 0000000000000000 100 0 0 10 0
   1: 0100007F:14AC 00000000:0000 0A 00000000:00000001 00:00000000 00000000  1000        0 2222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:14AC 0100007F:BC4E 01 00000000:00000000 00:00000000 00000000  1000        0 3333 1 0000000000000000 20 4 30 10 -1
"""
