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

// The app has one scene, and serves once, whatever becomes of that.
NSThread* serving = nil;

}  // namespace

@interface FarmAppDelegate : UIResponder <UIApplicationDelegate>
@end

@implementation FarmAppDelegate

- (BOOL)application:(UIApplication*)application didFinishLaunchingWithOptions:(NSDictionary*)options {
  (void)options;
  application.idleTimerDisabled = YES;
  return YES;
}

@end

// Info.plist names it: what is built with the SDK of iOS 27 or newer does not start without a scene (Apple's TN3187).
@interface FarmSceneDelegate : UIResponder <UIWindowSceneDelegate>
@property(nonatomic, strong) UIWindow* window;
@end

@implementation FarmSceneDelegate

- (void)scene:(UIScene*)scene willConnectToSession:(UISceneSession*)session options:(UISceneConnectionOptions*)options {
  (void)session;
  (void)options;
  UILabel* label = [[UILabel alloc] init];
  label.text = @"farm's harness. farm starts it.";
  label.textAlignment = NSTextAlignmentCenter;
  UIViewController* controller = [[UIViewController alloc] init];
  controller.view = label;
  self.window = [[UIWindow alloc] initWithWindowScene:static_cast<UIWindowScene*>(scene)];
  self.window.rootViewController = controller;
  [self.window makeKeyAndVisible];
}

// Only now is the app in front, and its screen known: nothing is measured beside its own start.
- (void)sceneDidBecomeActive:(UIScene*)scene {
  (void)scene;
  if (serving != nil) return;
  farm::begin_noting_state();
  serving = [[NSThread alloc] initWithBlock:^{
    serve_and_end();
  }];
  serving.stackSize = kStackBytes;
  serving.qualityOfService = NSQualityOfServiceUserInteractive;  // a lower one may be kept off the fast cores
  [serving start];
}

@end

int main(int count, char** words) {
  @autoreleasepool {
    return UIApplicationMain(count, words, nil, NSStringFromClass(FarmAppDelegate.class));
  }
}
