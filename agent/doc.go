// Package agent will hold tool-calling loops with guardrails, run by workflows.
//
// The room is kept free for its issue; nothing in it works yet, and no other
// room imports it.
package agent
