package bundle

import "syscall"

func stamp(st *syscall.Stat_t) Stamp {
	return Stamp{uint64(st.Dev), st.Ino, st.Size, st.Mtimespec.Nano(), st.Ctimespec.Nano(), uint32(st.Mode)}
}
