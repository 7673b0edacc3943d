// Package formats finds the published vectors of the byte formats (plugin-api/formats) beside this module, for a plugin's own tests.
package formats

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Vectors is the text of vectors/NAME.json, such as "seal-2". Only in tests: a program that is built with -trimpath does not know where
// the module was.
func Vectors(name string) ([]byte, error) {
	_, file, _, known := runtime.Caller(0)
	if !known || !filepath.IsAbs(file) {
		return nil, errors.New("formats: this program was built with -trimpath, so that the vectors can't be found: call Vectors in tests only")
	}
	return os.ReadFile(filepath.Join(filepath.Dir(file), "..", "..", "..", "formats", "vectors", name+".json"))
}
