// Package encode holds the fitted steps that make numbers of what is none: of
// categories (one-hot, ordinal, frequency), of dates (parts, cyclic) and of
// texts (length, hashed tokens).
//
// Every step is a plain struct that survives JSON and implements
// vec.Transformer.
package encode
