package delivery

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	deadLetters *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_dead_letters_total", Help: "Spooled records that can never be sent; kept in the dead letter.",
	}, []string{"reason"})}
	for _, reason := range []string{reasonFrame, reasonRefused} {
		m.deadLetters.WithLabelValues(reason)
	}
	if reg != nil {
		reg.MustRegister(m.deadLetters)
	}
	return m
}
