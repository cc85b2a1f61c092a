"""iPhones, through any usbmuxd. What speaks to one runs in a process of its own (worker)."""
