"""Android devices, through any adb server."""
