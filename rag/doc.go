// Package rag will answer questions from documents: chunk, index, retrieve,
// answer, evaluate, each as a step of a durable workflow.
//
// The room is kept free for its issue; nothing in it works yet, and no other
// room imports it.
package rag
