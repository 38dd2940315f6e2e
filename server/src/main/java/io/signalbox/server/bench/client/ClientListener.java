package io.signalbox.server.bench.client;

import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.ReasonCode;
import org.jspecify.annotations.Nullable;

/** What happens to a {@link MqttClient}. Called on the loop's thread, inside its pass. */
public interface ClientListener {

  /** The broker accepted the connection. */
  default void onConnected(MqttClient client, ConnAck answer) {}

  /**
   * A message; of a QoS 2 message the first copy only. If this takes long, {@link
   * MqttClient#endTurn}.
   */
  default void onMessage(MqttClient client, Publish message) {}

  /**
   * The broker has a QoS 1 or 2 message for good, or refused it.
   *
   * @param reason 0x80 and above: it was refused
   */
  default void onAcknowledged(
      MqttClient client, int packetId, ReasonCode reason, Properties properties) {}

  /** A SUBACK or UNSUBACK. */
  default void onAnswer(MqttClient client, Packet answer) {}

  /**
   * A turn ends: what had come is told, perhaps the end as well. What answers it, such as
   * acknowledgements of messages, is sent after this; not if it closes the connection.
   */
  default void onRead(MqttClient client) {}

  /**
   * The end, once.
   *
   * @param failure null when {@link MqttClient#disconnect} or {@link MqttClient#close} caused it
   */
  default void onClosed(MqttClient client, @Nullable ClientException failure) {}
}
