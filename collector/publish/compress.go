package publish

import (
	"bytes"
	"fmt"

	"github.com/segmentio/kafka-go/compress"
)

// codec compresses the records of a batch. attribute is its number in the batch header, 0 for none.
type codec struct {
	attribute int8
	impl      compress.Codec
}

func codecOf(name string) (codec, error) {
	switch name {
	case "", "none":
		return codec{}, nil
	case "lz4":
		return codec{attribute: int8(compress.Lz4), impl: &compress.Lz4Codec}, nil
	case "zstd":
		return codec{attribute: int8(compress.Zstd), impl: &compress.ZstdCodec}, nil
	}
	return codec{}, fmt.Errorf("publish: compression %q is none of none, lz4, zstd", name)
}

// pack gives buf back, its part behind the header compressed. Without a codec it is buf itself.
func (c codec) pack(buf []byte) ([]byte, error) {
	if c.impl == nil {
		return buf, nil
	}
	out := bytes.NewBuffer(make([]byte, 0, len(buf)/2+headerSize))
	out.Write(buf[:headerSize])
	w := c.impl.NewWriter(out)
	if _, err := w.Write(buf[headerSize:]); err != nil {
		return nil, fmt.Errorf("publish: compress a batch: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("publish: compress a batch: %w", err)
	}
	return out.Bytes(), nil
}
