// UIKit, from its documentation (developer.apple.com/documentation/uikit).
#pragma once

#import <Foundation/Foundation.h>

typedef double CGFloat;

@interface UIResponder : NSObject
@end

@interface UIScreen : NSObject
@property(nonatomic) CGFloat brightness;
@end

@interface UIScene : UIResponder
@end

@interface UIWindowScene : UIScene
@property(nonatomic, readonly) UIScreen* screen;
@end

@interface UIView : UIResponder
@end

typedef enum NSTextAlignment : NSInteger { NSTextAlignmentCenter = 1 } NSTextAlignment;

@interface UILabel : UIView
@property(nonatomic, copy) NSString* text;
@property(nonatomic) NSTextAlignment textAlignment;
@end

@interface UIViewController : UIResponder
@property(nonatomic, strong) UIView* view;
@end

@interface UIWindow : UIView
- (instancetype)initWithWindowScene:(UIWindowScene*)scene;
@property(nonatomic, strong) UIViewController* rootViewController;
- (void)makeKeyAndVisible;
@end

@interface UIApplication : UIResponder
@property(class, nonatomic, readonly) UIApplication* sharedApplication;
@property(nonatomic, getter=isIdleTimerDisabled) BOOL idleTimerDisabled;
@property(nonatomic, readonly) NSSet<UIScene*>* connectedScenes;
@end

@protocol UIApplicationDelegate <NSObject>
@optional
- (BOOL)application:(UIApplication*)application didFinishLaunchingWithOptions:(NSDictionary*)options;
@end

@interface UISceneSession : NSObject
@end

@interface UISceneConnectionOptions : NSObject
@end

@protocol UISceneDelegate <NSObject>
@optional
- (void)scene:(UIScene*)scene willConnectToSession:(UISceneSession*)session options:(UISceneConnectionOptions*)options;
- (void)sceneDidBecomeActive:(UIScene*)scene;
@end

@protocol UIWindowSceneDelegate <UISceneDelegate>
@optional
@property(nonatomic, strong) UIWindow* window;
@end

@interface UIDevice : NSObject
@property(class, nonatomic, readonly) UIDevice* currentDevice;
@property(nonatomic, getter=isBatteryMonitoringEnabled) BOOL batteryMonitoringEnabled;
@property(nonatomic, readonly) float batteryLevel;
@end

extern "C" int UIApplicationMain(int argc, char* argv[], NSString* principal, NSString* delegate);
