package baseline

import (
	"errors"
	"os"
)

// put moves a new folder to its place beside it, and what was there, if anything, to
// where the new one was.
func put(beside *os.Root, made, place string) error {
	err := beside.Rename(made, place)
	if _, missing := beside.Lstat(place); err == nil || missing != nil {
		return err
	}
	if swap(beside, made, place) == nil {
		return nil
	}
	return exchange(beside, made, place)
}

// exchange swaps two folders in steps, where the file system cannot do it at once.
// Between the first two nothing lies at the place, and the former folder beside it.
func exchange(beside *os.Root, made, place string) error {
	former := made + ".former"
	if err := beside.Rename(place, former); err != nil {
		return err
	}
	if err := beside.Rename(made, place); err != nil {
		return errors.Join(err, beside.Rename(former, place))
	}
	return beside.Rename(former, made)
}
