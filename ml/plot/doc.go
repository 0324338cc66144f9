// Package plot turns numbers into pictures: self-contained SVG that an <img>
// shows, that a page may hold inline, and that looks right on light and on dark.
//
// Glossary. A Chart has two axes and Series; a BarChart has a row for each
// named Bar; a HeatMap has a cell for each pair of names. Marks are reference
// lines. The functions ROC, Calibration, Residuals and so on are the charts
// that an evaluation needs, from plain numbers.
//
// Every picture has a title and a description for those who do not see it
// (role img), colours that are told apart by the colour-blind and have a
// contrast of 4.5 and more, no script, no identifiers that could clash with
// another picture's, and the same bytes for the same numbers. The style follows
// prefers-color-scheme; where a page's policy forbids styles, presentation
// attributes keep the light one. Numbers that are not finite are left out; what
// is too much to be seen is thinned, so that a picture stays below 60 KB for a
// million points. Nothing panics on data: without any there is an empty picture
// that says so.
package plot
