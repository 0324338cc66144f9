// Package linear holds the models that are a weighted sum of the features:
// Linear (ordinary least squares), Ridge (least squares with an L2 penalty) and
// Logistic (classification of two or more classes with an L2 penalty).
//
// All of them bear collinear features, such as full one-hot encodings, and none
// penalises the intercept. A penalty is on the scale of the sum over rows, as
// in scikit-learn: Ridge's l2 is its alpha, Logistic's l2 is its 1/C.
package linear
