// Foundation, from its documentation (developer.apple.com/documentation/foundation).
#pragma once

#include <stdint.h>

typedef signed char BOOL;
#define YES ((BOOL)1)
#define NO ((BOOL)0)
typedef long NSInteger;
typedef unsigned long NSUInteger;
typedef double NSTimeInterval;
#define nil nullptr

typedef struct {
  unsigned long state;
  id __unsafe_unretained* itemsPtr;
  unsigned long* mutationsPtr;
  unsigned long extra[5];
} NSFastEnumerationState;

@class NSString, NSError, NSNumber;

@protocol NSObject
- (BOOL)isKindOfClass:(Class)kind;
@end

__attribute__((objc_root_class)) @interface NSObject<NSObject>
+ (instancetype)alloc;
- (instancetype)init;
+ (Class)class;
@end

@protocol NSFastEnumeration
- (NSUInteger)countByEnumeratingWithState:(NSFastEnumerationState*)state
                                  objects:(id __unsafe_unretained[])buffer
                                    count:(NSUInteger)count;
@end

@interface NSString : NSObject
+ (instancetype)stringWithUTF8String:(const char*)text;
@property(readonly) const char* UTF8String;
- (NSInteger)compare:(NSString*)other;
@end

@interface NSNumber : NSObject
+ (NSNumber*)numberWithUnsignedLong:(unsigned long)value;
@property(readonly) NSUInteger unsignedIntegerValue;
@end

@interface NSArray<Object> : NSObject <NSFastEnumeration>
@property(readonly) NSUInteger count;
@property(readonly) Object firstObject;
- (Object)objectAtIndexedSubscript:(NSUInteger)place;
- (NSArray<Object>*)sortedArrayUsingSelector:(SEL)comparator;
@end

@interface NSMutableArray<Object> : NSArray <Object>
+ (instancetype)array;
- (void)insertObject:(Object)object atIndex:(NSUInteger)place;
@end

@interface NSSet<Object> : NSObject <NSFastEnumeration>
@end

@interface NSDictionary<Key, Object> : NSObject <NSFastEnumeration>
@property(readonly) NSArray<Key>* allKeys;
- (Object)objectForKeyedSubscript:(Key)key;
@end

@interface NSMutableDictionary<Key, Object> : NSDictionary <Key, Object>
+ (instancetype)dictionary;
- (void)setObject:(Object)object forKeyedSubscript:(Key)key;
@end

@interface NSError : NSObject
@property(readonly) NSInteger code;
@property(readonly) NSString* localizedDescription;
@end

@interface NSURL : NSObject
+ (NSURL*)fileURLWithPath:(NSString*)path;
@property(readonly) NSString* path;
@end

typedef enum NSProcessInfoThermalState : NSInteger {
  NSProcessInfoThermalStateNominal,
  NSProcessInfoThermalStateFair,
  NSProcessInfoThermalStateSerious,
  NSProcessInfoThermalStateCritical,
} NSProcessInfoThermalState;

@interface NSProcessInfo : NSObject
@property(class, readonly) NSProcessInfo* processInfo;
@property(readonly) NSDictionary<NSString*, NSString*>* environment;
@property(readonly) NSArray<NSString*>* arguments;
@property(readonly) NSString* operatingSystemVersionString;
@property(readonly) NSTimeInterval systemUptime;
@property(readonly) NSProcessInfoThermalState thermalState;
@property(readonly, getter=isLowPowerModeEnabled) BOOL lowPowerModeEnabled;
@end

typedef enum NSQualityOfService : NSInteger { NSQualityOfServiceUserInteractive = 0x21 } NSQualityOfService;

@interface NSThread : NSObject
- (instancetype)initWithBlock:(void (^)(void))block;
- (void)start;
@property NSUInteger stackSize;
@property NSQualityOfService qualityOfService;
@end

@interface NSTimer : NSObject
+ (NSTimer*)scheduledTimerWithTimeInterval:(NSTimeInterval)seconds repeats:(BOOL)repeats block:(void (^)(NSTimer* timer))block;
@end

typedef enum NSSearchPathDirectory : NSUInteger { NSDocumentDirectory = 9 } NSSearchPathDirectory;
typedef enum NSSearchPathDomainMask : NSUInteger { NSUserDomainMask = 1 } NSSearchPathDomainMask;
extern "C" NSArray<NSString*>* NSSearchPathForDirectoriesInDomains(NSSearchPathDirectory directory, NSSearchPathDomainMask mask,
                                                                   BOOL expand);
extern "C" NSString* NSTemporaryDirectory(void);
extern "C" NSString* NSStringFromClass(Class which);

// libdispatch, which Foundation brings along.
@protocol OS_dispatch_semaphore
@end
typedef NSObject<OS_dispatch_semaphore>* dispatch_semaphore_t;
typedef uint64_t dispatch_time_t;
#define DISPATCH_TIME_FOREVER (~0ULL)
extern "C" dispatch_semaphore_t dispatch_semaphore_create(intptr_t value);
extern "C" intptr_t dispatch_semaphore_signal(dispatch_semaphore_t semaphore);
extern "C" intptr_t dispatch_semaphore_wait(dispatch_semaphore_t semaphore, dispatch_time_t timeout);
