// Core ML, from its documentation (developer.apple.com/documentation/coreml).
#pragma once

#import <Foundation/Foundation.h>

typedef enum MLMultiArrayDataType : NSInteger {
  MLMultiArrayDataTypeDouble = 0x10000 | 64,
  MLMultiArrayDataTypeFloat32 = 0x10000 | 32,
  MLMultiArrayDataTypeFloat16 = 0x10000 | 16,
  MLMultiArrayDataTypeInt32 = 0x20000 | 32,
} MLMultiArrayDataType;

@interface MLMultiArray : NSObject
- (instancetype)initWithDataPointer:(void*)data
                              shape:(NSArray<NSNumber*>*)shape
                           dataType:(MLMultiArrayDataType)type
                            strides:(NSArray<NSNumber*>*)strides
                        deallocator:(void (^)(void* bytes))deallocator
                              error:(NSError**)error;
@property(readonly, nonatomic) MLMultiArrayDataType dataType;
@property(readonly, nonatomic) NSArray<NSNumber*>* shape;
@property(readonly, nonatomic) NSArray<NSNumber*>* strides;
- (void)getBytesWithHandler:(void (^)(const void* bytes, NSInteger size))handler;
@end

typedef enum MLFeatureType : NSInteger { MLFeatureTypeMultiArray = 5 } MLFeatureType;

@interface MLMultiArrayConstraint : NSObject
@property(readonly, nonatomic) NSArray<NSNumber*>* shape;
@property(readonly, nonatomic) MLMultiArrayDataType dataType;
@end

@interface MLFeatureDescription : NSObject
@property(readonly, nonatomic) MLFeatureType type;
@property(readonly, nonatomic) MLMultiArrayConstraint* multiArrayConstraint;
@end

@interface MLFeatureValue : NSObject
+ (instancetype)featureValueWithMultiArray:(MLMultiArray*)value;
@property(readonly, nonatomic) MLMultiArray* multiArrayValue;
@end

@protocol MLFeatureProvider
- (MLFeatureValue*)featureValueForName:(NSString*)name;
@end

@interface MLDictionaryFeatureProvider : NSObject <MLFeatureProvider>
- (instancetype)initWithDictionary:(NSDictionary<NSString*, id>*)dictionary error:(NSError**)error;
@end

typedef enum MLComputeUnits : NSInteger {
  MLComputeUnitsCPUOnly = 0,
  MLComputeUnitsCPUAndGPU = 1,
  MLComputeUnitsAll = 2,
  MLComputeUnitsCPUAndNeuralEngine = 3,
} MLComputeUnits;

@interface MLModelConfiguration : NSObject
@property(nonatomic) MLComputeUnits computeUnits;
@end

@interface MLModelDescription : NSObject
@property(readonly, nonatomic) NSDictionary<NSString*, MLFeatureDescription*>* inputDescriptionsByName;
@property(readonly, nonatomic) NSDictionary<NSString*, MLFeatureDescription*>* outputDescriptionsByName;
@end

@interface MLModel : NSObject
+ (void)compileModelAtURL:(NSURL*)url completionHandler:(void (^)(NSURL* compiled, NSError* error))handler;
+ (instancetype)modelWithContentsOfURL:(NSURL*)url configuration:(MLModelConfiguration*)configuration error:(NSError**)error;
@property(readonly, nonatomic) MLModelDescription* modelDescription;
- (id<MLFeatureProvider>)predictionFromFeatures:(id<MLFeatureProvider>)input error:(NSError**)error;
@end
