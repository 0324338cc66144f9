// Package metric measures predictions: the usual numbers of regression and
// classification, the confusion matrix, and bootstrap intervals around them.
//
// Definitions are those of scikit-learn. For two classes, precision, recall,
// f1, roc_auc, pr_auc and brier speak of the positive class; for more they are
// the unweighted mean over classes (precision, recall, f1: over the classes
// that occur among targets or predictions; roc_auc and pr_auc: one against the
// rest, over all classes), and brier is the sum of squares over classes. The
// predicted class is the likeliest one, the first of equals. A ratio with an
// empty denominator is 0 in precision, recall and f1. What has no value at all
// (roc_auc with one class only, r2 of a constant target) is left out, and
// Evaluate says why.
package metric
