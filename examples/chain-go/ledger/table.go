package ledger

import "sort"

// table keeps each row's value at every height, so that any past block can be asked and the newest ones taken back. Values
// are never changed in place. What a transaction writes stays apart until the block that holds it is on disk.
type table[T any] struct {
	rows  map[string][]version[T]
	fresh map[string]T
}

type version[T any] struct {
	height uint64
	value  T
}

func newTable[T any]() *table[T] {
	return &table[T]{rows: map[string][]version[T]{}, fresh: map[string]T{}}
}

// at is the row's value at the height; false: there was none.
func (t *table[T]) at(key string, height uint64) (T, bool) {
	versions := t.rows[key]
	n := sort.Search(len(versions), func(i int) bool { return versions[i].height > height })
	if n == 0 {
		var none T
		return none, false
	}
	return versions[n-1].value, true
}

// now is the newest value, with what was written and not kept yet.
func (t *table[T]) now(key string) (T, bool) {
	if value, written := t.fresh[key]; written {
		return value, true
	}
	return t.at(key, ^uint64(0))
}

func (t *table[T]) set(key string, value T) { t.fresh[key] = value }

func (t *table[T]) count() int {
	more := 0
	for key := range t.fresh {
		if _, known := t.rows[key]; !known {
			more++
		}
	}
	return len(t.rows) + more
}

func (t *table[T]) keep(height uint64) {
	for key, value := range t.fresh {
		versions := t.rows[key]
		if n := len(versions); n > 0 && versions[n-1].height == height {
			versions[n-1].value = value
		} else {
			t.rows[key] = append(versions, version[T]{height, value})
		}
	}
	t.drop()
}

func (t *table[T]) drop() { t.fresh = map[string]T{} }

// cut takes back everything above the height.
func (t *table[T]) cut(height uint64) {
	for key, versions := range t.rows {
		n := sort.Search(len(versions), func(i int) bool { return versions[i].height > height })
		if n == 0 {
			delete(t.rows, key)
		} else {
			t.rows[key] = versions[:n:n]
		}
	}
}
