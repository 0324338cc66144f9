// Package client speaks the native API of a gristmill server. Its methods
// answer with the rooms' own types; an error that the server sent comes back as
// the *gristmill.Error that it was there, with kind and problems.
//
// Glossary. A Client talks to one server. A Workflow is what drives a run: its
// ID is known before the run has one. A page is part of a list; its token asks
// for the next part.
package client
