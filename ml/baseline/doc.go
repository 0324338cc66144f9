// Package baseline holds the estimators that look at no feature: the mean of a
// regression's targets, the shares of a classification's classes. Every model
// is measured against one; a model that is not better has learned nothing.
package baseline
