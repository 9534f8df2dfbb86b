package kafkaconn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"

	"github.com/segmentio/kafka-go"
)

// Advice says what to do about an error of talking to Kafka where TLS, a password or a right may be at fault; "" where
// none of them is.
func Advice(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return "give the right user and password in THROUGHLINE_KAFKA_SASL_USER and _PASSWORD (or _PASSWORD_FILE)"
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return "set THROUGHLINE_KAFKA_SASL_MECHANISM to one that the brokers have in sasl.enabled.mechanisms"
	case errors.Is(err, kafka.IllegalSASLState), errors.Is(err, kafka.UnsupportedVersion):
		return "see whether the brokers want a password: THROUGHLINE_KAFKA_SASL_MECHANISM"
	case authorization(err):
		return "give the user of THROUGHLINE_KAFKA_SASL_USER its rights (kafka-acls.sh): Describe, Read and Write on the topics, Read on the groups, IdempotentWrite on the cluster"
	case errors.As(err, &unknown):
		return "put the authority that signed the brokers' certificates into THROUGHLINE_KAFKA_TLS_CA_FILE"
	case errors.As(err, &host):
		return "dial the brokers by a name that their certificates carry, or name it in THROUGHLINE_KAFKA_TLS_SERVER_NAME"
	case errors.As(err, &invalid):
		return "renew the brokers' certificates"
	case errors.As(err, &record):
		return "set THROUGHLINE_KAFKA_TLS=off, or name the brokers' TLS port: this one does not speak TLS"
	case errors.As(err, &alert):
		return "the brokers refused the TLS handshake: see whether they ask for THROUGHLINE_KAFKA_TLS_CERT_FILE"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the broker hung up: see whether it wants TLS (THROUGHLINE_KAFKA_TLS=on) or a password (THROUGHLINE_KAFKA_SASL_MECHANISM)"
	}
	return ""
}

func authorization(err error) bool {
	for _, code := range []kafka.Error{
		kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed, kafka.TransactionalIDAuthorizationFailed,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}
