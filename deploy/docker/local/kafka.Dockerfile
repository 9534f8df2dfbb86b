# Apache Kafka from the artifacts that Maven has, for where its own image cannot be pulled. It understands the same
# KAFKA_… variables. The context is a folder with libs/ and kafka.sh.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY libs /opt/kafka/libs
COPY kafka.sh /opt/kafka/kafka.sh
EXPOSE 9092
ENTRYPOINT ["/bin/sh", "/opt/kafka/kafka.sh"]
