"""The process that speaks to one iPhone: the only place where pymobiledevice3 (GPL-3.0-or-later) is imported."""
