// The app: keeps the screen on, has the harness run on a thread of its own, and ends. What it does is in app.cpp.
// Never compiled by Apple's compiler yet: README.md says what that leaves open.
#import <Foundation/Foundation.h>
#import <UIKit/UIKit.h>
#include <unistd.h>

#include "app.h"
#include "device_state.h"

namespace {

constexpr NSUInteger kStackBytes = 8U << 20U;  // as a main thread has it: backends rely on it

std::string text_of(NSString* text) { return text.UTF8String; }

farm::Environment environment_of(NSProcessInfo* process) {
  farm::Environment environment;
  NSDictionary<NSString*, NSString*>* variables = process.environment;
  for (NSString* name in variables) environment[text_of(name)] = text_of(variables[name]);
  return environment;
}

std::vector<std::string> words_of(NSProcessInfo* process) {
  std::vector<std::string> words;
  for (NSString* word in process.arguments) words.push_back(text_of(word));
  if (!words.empty()) words.erase(words.begin());  // the program's own name
  return words;
}

// All names that farm gives are relative to Documents.
bool enter_documents() {
  NSString* documents = NSSearchPathForDirectoriesInDomains(NSDocumentDirectory, NSUserDomainMask, YES).firstObject;
  return documents != nil && ::chdir(documents.UTF8String) == 0;
}

// _exit: what other threads still use is not torn down under them.
void serve_and_end() {
  NSProcessInfo* process = NSProcessInfo.processInfo;
  if (!enter_documents()) ::_exit(4);
  if (const auto code = farm::serve(environment_of(process), words_of(process), farm::noted_state)) ::_exit(*code);
}

}  // namespace

@interface FarmAppDelegate : UIResponder <UIApplicationDelegate>
@property(nonatomic, strong) UIWindow* window;
@property(nonatomic, strong) NSThread* thread;
@end

@implementation FarmAppDelegate

- (BOOL)application:(UIApplication*)application didFinishLaunchingWithOptions:(NSDictionary*)options {
  (void)options;
  application.idleTimerDisabled = YES;
  UILabel* label = [[UILabel alloc] init];
  label.text = @"farm's harness. farm starts it.";
  label.textAlignment = NSTextAlignmentCenter;
  UIViewController* controller = [[UIViewController alloc] init];
  controller.view = label;
  self.window = [[UIWindow alloc] init];
  self.window.rootViewController = controller;
  [self.window makeKeyAndVisible];
  return YES;
}

// Only now is the app in front, and its screen known: nothing is measured beside its own start.
- (void)applicationDidBecomeActive:(UIApplication*)application {
  (void)application;
  if (self.thread != nil) return;
  farm::begin_noting_state();
  self.thread = [[NSThread alloc] initWithBlock:^{
    serve_and_end();
  }];
  self.thread.stackSize = kStackBytes;
  self.thread.qualityOfService = NSQualityOfServiceUserInteractive;  // a lower one may be kept off the fast cores
  [self.thread start];
}

@end

int main(int count, char** words) {
  @autoreleasepool {
    return UIApplicationMain(count, words, nil, NSStringFromClass(FarmAppDelegate.class));
  }
}
