package monitor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"servebench/generators/predictions"
	"servebench/reports/record/userfile"
)

// Files of the log are called predictions-000001.jsonl and so on.
const (
	filePrefix = "predictions-"
	fileSuffix = ".jsonl"
)

// openLog returns the log of a folder, which may have files of a server that was there before. They
// are left as they are, and the next number begins another one.
func openLog(config Config) (*predictions.Log, error) {
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, err
	}
	names, last, err := logFiles(config.Dir)
	if err == nil {
		err = userfile.Writable(filepath.Join(config.Dir, fileName(last+1)))
	}
	if err != nil {
		return nil, err
	}
	return predictions.New(predictions.Config{
		Names: names, Sensitive: config.Sensitive,
		Create: func(part int) (predictions.File, error) {
			name := fileName(last + part)
			file, err := os.OpenFile(filepath.Join(config.Dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, os.ErrExist) {
				err = fmt.Errorf("%w: another server logs there, too; want a folder for each", err)
			}
			return predictions.File{WriteCloser: file, Name: name}, err
		},
		Remove: func(name string) error { return os.Remove(filepath.Join(config.Dir, name)) },
	}), nil
}

func fileName(number int) string { return fmt.Sprintf("%s%06d%s", filePrefix, number, fileSuffix) }

// logFiles are the names of the files of a folder, in the order in which they were written, and the
// number of the last; 0 where there is none.
func logFiles(dir string) (names []string, last int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	var numbers []int
	for _, entry := range entries {
		text := strings.TrimSuffix(strings.TrimPrefix(entry.Name(), filePrefix), fileSuffix)
		if number, err := strconv.Atoi(text); err == nil && number > 0 && fileName(number) == entry.Name() {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		names, last = append(names, fileName(number)), number
	}
	return names, last, nil
}
