"""Reports of iPhones, written from the fields that Apple documents, with figures of our own."""

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
