package importer

import "time"

// How often progress is shown and kept.
const (
	reportEvery = 100 * time.Millisecond
	saveEvery   = time.Second
)

// commit counts a batch whose rows all have verdicts.
func (r *run) commit(b *batch) error {
	rejected := b.rejected()
	if err := r.rejected.add(rejected); err != nil {
		return err
	}
	r.state.Rows = max(r.state.Rows, b.last)
	r.state.Accepted += int64(b.outcome.Accepted)
	r.state.Rejected += int64(len(rejected))
	r.state.Skipped += b.skipped
	now := time.Now()
	if now.Sub(r.reported) >= reportEvery {
		r.reported = now
		progress := r.progress()
		progress.Bytes = b.bytes
		r.o.Report(progress)
	}
	if now.Sub(r.saved) >= saveEvery {
		r.saved = now
		return r.save()
	}
	return nil
}

// save makes the refused rows durable before the progress that counts them.
func (r *run) save() error {
	if err := r.rejected.sync(); err != nil {
		return err
	}
	r.state.RejectedBytes = r.rejected.size
	return r.state.save(r.o.State)
}

func (r *run) finish(complete bool) error {
	r.state.Complete = complete
	err := r.save()
	progress := r.progress()
	progress.Done = true
	r.o.Report(progress)
	return err
}

func (r *run) progress() Progress {
	return Progress{
		Bytes: r.input.took.Load(), Size: r.input.info.Size(),
		Rows: r.state.Rows, Resumed: r.resumed,
		Accepted: r.state.Accepted, Rejected: r.state.Rejected, Skipped: r.state.Skipped,
		Elapsed: time.Since(r.began),
	}
}

func (r *run) summary() Summary {
	s := Summary{Progress: r.progress(), Complete: r.state.Complete}
	s.Done = true
	if s.Rejected > 0 {
		s.RejectedFile = r.o.Rejects
	}
	return s
}
