package pid1

import "errors"

// Run fails: the guests are Linux.
func Run() error {
	return errors.New("this is the first process of a Linux guest, and this is no Linux")
}
