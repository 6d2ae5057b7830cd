package image

import "testing"

func TestParseAccount(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/false\nbad:x:y:1::/:\nshort:x\n"
	const group = "wheel:x:10:\nvideo:x:44:app\n"
	for user, want := range map[string]struct {
		uid, gid uint32
		home     string
	}{
		"":            {0, 0, "/root"},
		"root":        {0, 0, "/root"},
		"app":         {1000, 1001, "/srv/app"},
		"1000":        {1000, 1001, "/srv/app"},
		"app:video":   {1000, 44, "/srv/app"},
		"app:":        {1000, 1001, "/srv/app"},
		"12:34":       {12, 34, "/"},
		"12":          {12, 0, "/"},
		":wheel":      {0, 10, "/root"},
		"65534:44":    {65534, 44, "/"},
		"nobody":      {uid: 1 << 31},
		"app:nobody":  {uid: 1 << 31},
		"bad":         {uid: 1 << 31},
		"-1":          {uid: 1 << 31},
		"99999999999": {uid: 1 << 31},
	} {
		got, err := parseAccount(user, passwd, group)
		if want.uid == 1<<31 {
			if err == nil {
				t.Errorf("parseAccount(%q) = %+v, want an error", user, got)
			}
			continue
		}
		if err != nil || got.uid != want.uid || got.gid != want.gid || got.home != want.home {
			t.Errorf("parseAccount(%q) = %d:%d %s, %v, want %+v", user, got.uid, got.gid, got.home, err, want)
		}
	}
}

func FuzzParseAccount(f *testing.F) {
	f.Add("app:video", "app:x:1000:1001::/srv:/bin/sh", "video:x:44:")
	f.Add(":", ":::::", ":::")
	f.Fuzz(func(t *testing.T, user, passwd, group string) {
		if got, err := parseAccount(user, passwd, group); err == nil && got.home == "" {
			t.Fatalf("parseAccount(%q) = %+v", user, got)
		}
	})
}
