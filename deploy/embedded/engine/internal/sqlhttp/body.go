package sqlhttp

import (
	"bufio"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

const inMemory = 64 << 20 // bytes of INSERT data that are held in memory; larger bodies go to a file

// decode undoes the Content-Encoding of a body.
func (q *query) decode(body io.ReadCloser, encoding string) (io.Reader, error) {
	var reader io.Reader
	var err error
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(body)
	case "deflate":
		reader, err = zlib.NewReader(body)
	case "br":
		reader = brotli.NewReader(body)
	case "lz4":
		reader = lz4.NewReader(body)
	case "zstd":
		var decoder *zstd.Decoder
		if decoder, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1)); err == nil {
			reader = decoder
			q.closers = append(q.closers, decoder.IOReadCloser())
		}
	default:
		return nil, exception(48, "NOT_IMPLEMENTED", "Unknown compression method: %s", encoding)
	}
	if err != nil {
		return nil, exception(354, "ZLIB_INFLATE_FAILED", "the %s body cannot be decompressed: %v", encoding, err)
	}
	return reader, nil
}

// decompressed undoes ClickHouse's own block compression.
func decompressed(body io.Reader) io.Reader {
	return compress.NewReader(bufio.NewReaderSize(body, 64<<10))
}

// blocks gives the plain end of a stream of compressed blocks: a stream that ends where a block
// would begin is complete, one that ends inside a block is cut off.
type blocks struct{ r io.Reader }

func (b *blocks) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, io.EOF
	}
	return n, exception(271, "CANNOT_DECOMPRESS", "the compressed body cannot be read: %v", err)
}

// spool copies r to an anonymous file and gives it, positioned anywhere, with a path under which
// this process can open it. The caller closes it.
func (s *Server) spool(r io.Reader) (*os.File, string, error) {
	file, err := memoryFile(s.cfg.TempDir)
	if err != nil {
		return nil, "", err
	}
	n, err := io.Copy(file, io.LimitReader(r, inMemory))
	if err == nil && n == inMemory {
		file, err = s.overflow(file, r)
	}
	if err != nil {
		_ = file.Close() // the copy's error is the one to tell
		return nil, "", fmt.Errorf("receive the data: %w", err)
	}
	return file, fdPath(file), nil
}

// overflow moves a memory file to the disk and adds the rest of r.
func (s *Server) overflow(memory *os.File, r io.Reader) (*os.File, error) {
	file, err := diskFile(s.cfg.TempDir)
	if err != nil {
		return memory, err
	}
	defer memory.Close()
	if _, err := memory.Seek(0, io.SeekStart); err != nil {
		return file, err
	}
	if _, err := io.Copy(file, memory); err != nil {
		return file, err
	}
	_, err = io.Copy(file, r)
	return file, err
}

// diskFile makes a file without a name: it vanishes with its last descriptor.
func diskFile(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "body-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close() // the removal's error is the one to tell
		return nil, fmt.Errorf("hide a temporary file: %w", err)
	}
	return file, nil
}
