// Never compiled by Apple's compiler yet: README.md says what that leaves open.
#include "device_state.h"

#import <Foundation/Foundation.h>
#import <UIKit/UIKit.h>
#include <os/proc.h>

#include <atomic>

namespace farm {
namespace {

constexpr double kUnknown = -1;

// UIKit is asked on the main thread only; other threads read what was noted there.
struct Noted {
  std::atomic<int> thermal_state{-1};
  std::atomic<int> low_power_mode{-1};
  std::atomic<double> brightness_ratio{kUnknown};
  std::atomic<double> battery_level_percent{kUnknown};
};

Noted& noted() {
  static Noted state;
  return state;
}

UIScreen* shown_screen() {
  for (UIScene* scene in UIApplication.sharedApplication.connectedScenes) {
    if ([scene isKindOfClass:UIWindowScene.class]) return static_cast<UIWindowScene*>(scene).screen;
  }
  return nil;
}

void note() {
  NSProcessInfo* process = NSProcessInfo.processInfo;
  noted().thermal_state = static_cast<int>(process.thermalState);
  noted().low_power_mode = process.lowPowerModeEnabled ? 1 : 0;
  UIScreen* screen = shown_screen();
  noted().brightness_ratio = screen == nil ? kUnknown : static_cast<double>(screen.brightness);
  const auto level = static_cast<double>(UIDevice.currentDevice.batteryLevel);  // -1 where it is unknown
  noted().battery_level_percent = level < 0 ? kUnknown : level * 100;
}

template <typename Value>
std::optional<Value> known(Value value) {
  return value < 0 ? std::nullopt : std::optional<Value>(value);
}

}  // namespace

void begin_noting_state() {
  UIDevice.currentDevice.batteryMonitoringEnabled = YES;
  note();
  [NSTimer scheduledTimerWithTimeInterval:1
                                  repeats:YES
                                    block:^(NSTimer*) {
                                      note();
                                    }];
}

DeviceState noted_state() {
  DeviceState state;
  state.thermal_state = known(noted().thermal_state.load());
  if (const auto mode = known(noted().low_power_mode.load())) state.low_power_mode = *mode == 1;
  state.brightness_ratio = known(noted().brightness_ratio.load());
  state.battery_level_percent = known(noted().battery_level_percent.load());
  const auto available = static_cast<std::int64_t>(os_proc_available_memory());
  if (available > 0) state.memory_available_bytes = available;  // 0: the process has no limit that is known
  state.uptime_s = NSProcessInfo.processInfo.systemUptime;
  return state;
}

}  // namespace farm
