package baseline

import (
	"errors"
	"os"
)

// put moves a new folder to its place, and what was there, if anything, to where the
// new one was.
func put(made, place string) error {
	err := os.Rename(made, place)
	if _, missing := os.Lstat(place); err == nil || missing != nil {
		return err
	}
	if swap(made, place) == nil {
		return nil
	}
	return exchange(made, place)
}

// exchange swaps two folders in steps, where the file system cannot do it at once.
// Between the first two nothing lies at the place, and the former folder beside it.
func exchange(made, place string) error {
	former := made + ".former"
	if err := os.Rename(place, former); err != nil {
		return err
	}
	if err := os.Rename(made, place); err != nil {
		return errors.Join(err, os.Rename(former, place))
	}
	return os.Rename(former, made)
}
