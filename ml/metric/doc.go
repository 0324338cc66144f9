// Package metric measures predictions: the usual numbers of regression and
// classification, the confusion matrix, bootstrap intervals around them, curves
// of two classes, thresholds, calibration, and the shape of residuals.
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
//
// Glossary. A Ranking is rows of two classes sorted by score, from which curves
// are read. A threshold calls rows positive whose score is at least as high. A
// Decision is what a threshold comes to: four counts and their ratios. ROC: true
// over false positive rate; PR: precision over recall; DET: one error rate over
// the other; gain: share of positives among the likeliest rows; lift: gain over
// the share of rows. Youden's J: true less false positive rate. Calibration:
// whether of rows with probability p a share p is positive. A residual is
// actual less predicted. Q-Q: quantiles of numbers beside those of a normal
// distribution.
package metric
