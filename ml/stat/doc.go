// Package stat holds the tests and distances by which two samples are compared,
// and the tail probabilities that they need.
//
// Glossary. A statistic says how large a difference is, a p-value how often
// chance alone gives one as large. With many rows everything is significant,
// so that a decision looks at both.
package stat
