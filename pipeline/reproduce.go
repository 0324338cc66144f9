package pipeline

import (
	"maps"

	"gristmill"
)

// RequestFile is the artifact in which a run keeps its Request, with the digest
// of the applied version filled in.
const RequestFile = "request.json"

// DataTag is the tag that names the bytes of the table that a run read.
const DataTag = "gristmill.data_digest"

// IDsTag is the tag that names the bytes of data.split.file that a run read.
const IDsTag = "gristmill.ids_digest"

// Again is the request that does a run once more: the same applied version with
// the same overrides, on the bytes that it read whatever its source gives
// today; ids are those of data.split.file, "" without one. The result is
// compared, not registered.
func (r Request) Again(run string, data, ids gristmill.Digest) Request {
	again := Request{Pipeline: r.Pipeline, Project: r.Project, Digest: r.Digest, Set: maps.Clone(r.Set), Reproduces: run}
	if again.Set == nil {
		again.Set = map[string]any{}
	}
	for key := range again.Set {
		if inSection(key, "register") || inSection(key, "deploy") || inSection(key, "data.source") || ids != "" && key == "data.split.file" {
			delete(again.Set, key)
		}
	}
	again.Set["data.source"] = SourceOf(data)
	if ids != "" {
		again.Set["data.split.file"] = SourceOf(ids)
	}
	again.Set["register"], again.Set["deploy"] = false, false
	return again
}

// SourceOf is the address of stored bytes.
func SourceOf(d gristmill.Digest) string { return "dataset:" + string(d) }

// inSection reports whether a dotted key lies in the section of that name.
func inSection(key, name string) bool {
	return key == name || len(key) > len(name) && key[:len(name)] == name && key[len(name)] == '.'
}
