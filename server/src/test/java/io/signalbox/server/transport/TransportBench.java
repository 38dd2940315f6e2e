package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import io.signalbox.server.session.ClientConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a message costs the I/O threads, without sessions and routing: clients in this process send
 * QoS 0 messages of 64 bytes in batches and read them back.
 *
 * <p>Arguments: listener type (tcp, tls, ws, wss), connections, messages a batch, I/O threads,
 * seconds; all optional. CPU time is that of the I/O threads alone.
 */
final class TransportBench {
  private static final int[] NO_IDENTIFIERS = {};

  private TransportBench() {}

  /**
   * Sends each PUBLISH back the way a session would: a message made once, encoded into the output.
   */
  private static final class Reflector extends EchoHandler {
    Reflector(ClientConnection connection) {
      super(connection, new Log());
    }

    @Override
    public boolean onPacket(Packet packet) throws PacketException {
      if (packet instanceof Publish publish) {
        Message message =
            new Message(
                publish.topic(),
                publish.qos(),
                false,
                publish.properties(),
                Message.NEVER_EXPIRES,
                publish.payload(),
                null,
                "");
        connection.sendPublish(
            message, Qos.AT_MOST_ONCE, false, false, 0, NO_IDENTIFIERS, 0, false);
        return true;
      }
      return super.onPacket(packet);
    }
  }

  public static void main(String[] args) throws Exception {
    ListenerConfig.Type type =
        ListenerConfig.Type.valueOf(
            (args.length > 0 ? args[0] : "tcp").toUpperCase(java.util.Locale.ROOT));
    int connections = args.length > 1 ? Integer.parseInt(args[1]) : 16;
    int batch = args.length > 2 ? Integer.parseInt(args[2]) : 32;
    int threads = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    int seconds = args.length > 4 ? Integer.parseInt(args[4]) : 5;

    try (var broker = TestBroker.start(threads, TransportLimits.DEFAULTS, Reflector::new, type)) {
      AtomicLong messages = new AtomicLong();
      AtomicBoolean stop = new AtomicBoolean();
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        clients.add(
            Thread.ofPlatform().daemon().start(() -> drive(broker, type, batch, messages, stop)));
      }
      for (int round = 0; round < seconds; round++) {
        long cpu = cpuNanos();
        long before = messages.get();
        long writes = broker.metrics.socketWrites.value();
        long start = System.nanoTime();
        Thread.sleep(1_000);
        long count = messages.get() - before;
        double seconds1 = (System.nanoTime() - start) / 1e9;
        System.out.printf(
            "%s %d connections x %d: %,.0f messages/s, %.3f us CPU a message, %.1f messages a"
                + " write%n",
            type,
            connections,
            batch,
            count / seconds1,
            (cpuNanos() - cpu) / 1e3 / count,
            (double) count / (broker.metrics.socketWrites.value() - writes));
      }
      stop.set(true);
      for (Thread client : clients) {
        client.join(1_000);
      }
    }
  }

  private static void drive(
      TestBroker broker,
      ListenerConfig.Type type,
      int batch,
      AtomicLong messages,
      AtomicBoolean stop) {
    try (var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(0));
      wire.read(5);
      ByteArrayOutputStream packets = new ByteArrayOutputStream();
      for (int i = 0; i < batch; i++) {
        packets.writeBytes(RawClient.publish(new byte[58])); // 64 bytes with its topic
      }
      byte[] request = packets.toByteArray();
      int answerBytes = request.length;
      byte[] frame = type.isWebSocket() ? wire.frame(0x82, request) : request;
      if (type.isWebSocket()) {
        answerBytes += WebSocketFrames.headerLength(request.length);
      }
      byte[] answer = new byte[answerBytes];
      while (!stop.get()) {
        wire.raw.out.write(frame);
        if (wire.raw.in.readNBytes(answer, 0, answerBytes) < answerBytes) {
          throw new IOException("the broker closed the connection");
        }
        messages.addAndGet(batch);
      }
    } catch (IOException e) {
      if (!stop.get()) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private static long cpuNanos() {
    var threads = ManagementFactory.getThreadMXBean();
    long sum = 0;
    for (long id : threads.getAllThreadIds()) {
      var info = threads.getThreadInfo(id);
      if (info != null && info.getThreadName().startsWith("signalbox I/O")) {
        sum += threads.getThreadCpuTime(id);
      }
    }
    return sum;
  }
}
