package baseline

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// swap exchanges two folders in one step.
func swap(beside *os.Root, a, b string) error {
	folder, err := beside.Open(".")
	if err != nil {
		return err
	}
	at := int(folder.Fd())
	return errors.Join(unix.Renameat2(at, a, at, b, unix.RENAME_EXCHANGE), folder.Close())
}
