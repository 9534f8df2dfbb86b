package state
import ("testing";"math/rand/v2";"fmt";"os";"path/filepath"
"github.com/cockroachdb/pebble/v2"
"github.com/cockroachdb/pebble/v2/bloom"
"github.com/cockroachdb/pebble/v2/sstable/block"
"github.com/throughline/throughline/schemas/touchpoint"
)
func TestZZSize(t *testing.T){
 const n=100000
 for _, c := range []struct{name string; p *block.CompressionProfile; bs int}{{"snappy4k",compression,4096},{"snappy32k",compression,32768},{"zstd4k",block.ZstdCompression,4096},{"zstd32k",block.ZstdCompression,32768},{"good32k",block.GoodCompression,32768}}{
  dir:=filepath.Join("/srv/exp",c.name); os.RemoveAll(dir)
  o:=&pebble.Options{MemTableSize:64<<20, FormatMajorVersion: pebble.FormatNewest}
  for i:=range o.Levels { o.Levels[i].FilterPolicy=bloom.FilterPolicy(10); o.Levels[i].BlockSize=c.bs; o.Levels[i].Compression=func()*block.CompressionProfile{return c.p}}
  db,err:=pebble.Open(dir,o); must(t,err)
  r:=rand.New(rand.NewPCG(1,1)); raw,keys:=0,0
  b:=db.NewBatch()
  for i:=range n {
   set:=liveSet(r,10); set.Floor=0
   id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>20, r.Uint32()>>20, r.Uint64()>>16)
   cu:=touchpoint.Customer{Site:"main",Kind:touchpoint.KindAnonymous,ID:id}
   k:=Key(nil,cu.Bucket(),cu); v:=Encode(nil,set); raw+=len(v); keys+=len(k)
   must(t,b.Set(k,v,nil))
   if i%10000==9999 { must(t,b.Commit(pebble.NoSync)); b=db.NewBatch() }
  }
  must(t,db.Flush()); must(t,db.Compact(t.Context(),[]byte{0},[]byte{0xff},true))
  m:=db.Metrics()
  t.Log(c.name,"raw",raw/n,"key",keys/n,"tables",float64(m.Total().TablesSize)/n)
  db.Close()
 }
}
