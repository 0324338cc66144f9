package pipeline

import (
	"embed"
	"path"
)

//go:embed shipped/*.yaml
var shippedFiles embed.FS

// Shipped returns the specs that come with the program, by name.
func Shipped() map[string]string {
	entries, err := shippedFiles.ReadDir("shipped")
	if err != nil {
		panic(err) // the files are part of the program
	}
	specs := make(map[string]string, len(entries))
	for _, e := range entries {
		b, err := shippedFiles.ReadFile("shipped/" + e.Name())
		if err != nil {
			panic(err) // the files are part of the program
		}
		specs[e.Name()[:len(e.Name())-len(path.Ext(e.Name()))]] = string(b)
	}
	return specs
}
