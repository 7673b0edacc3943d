package formats

import (
	"encoding/json"
	"errors"
	"io/fs"
	"testing"
)

func TestVectorsAreFoundByName(t *testing.T) {
	text, err := Vectors("bh-intent-1")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []any }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Vectors) == 0 {
		t.Error(len(file.Vectors), err)
	}
	if _, err := Vectors("no-such-format"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
