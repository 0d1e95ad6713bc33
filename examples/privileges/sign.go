package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
)

// The lengths of keys and the longest line, in bytes.
const minKey, maxKey, maxLine = 16, 4096, 64 << 10

// readKey reads a key; white space around it does not count.
func readKey(r io.Reader) ([]byte, error) {
	key, err := io.ReadAll(io.LimitReader(r, maxKey+1))
	if err != nil {
		return nil, err
	}
	key = bytes.TrimSpace(key)
	if len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("the key has %d bytes, and must have %d to %d", len(key), minKey, maxKey)
	}
	return key, nil
}

// sign writes the signature of each line of r to w, and returns how many there
// were.
func sign(r io.Reader, w io.Writer, key []byte) (n int, err error) {
	mac := hmac.New(sha256.New, key)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for ; lines.Scan(); n++ {
		mac.Reset()
		mac.Write(lines.Bytes())
		if _, err := fmt.Fprintf(w, "%x\n", mac.Sum(nil)); err != nil {
			return n, err
		}
	}
	return n, lines.Err()
}
