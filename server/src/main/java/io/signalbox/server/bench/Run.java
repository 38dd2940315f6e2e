package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.ClientListener;
import io.signalbox.server.bench.client.ClientLoop;
import io.signalbox.server.bench.client.Explanation;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** One measurement under way: the loop, its clients, and the clock that ends vain waiting. */
final class Run implements AutoCloseable {
  private static final long IDLE_WAIT_MILLIS = 10;

  /** The system wakes a thread up to so much too late. */
  private static final long SPIN_NANOS = 2_000_000;

  final Target target;
  final ClientLoop loop;
  final ServerProcess server;

  /** Marks the payloads and topics of this run, so that an earlier one's leftovers do not count. */
  final int id = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);

  private final long startNanos = System.nanoTime();
  private long progress;
  private long lastProgressNanos = System.nanoTime();
  private long dueNanos = System.nanoTime();
  private long limitNanos;
  private long connectionsLost;
  private @Nullable ClientException firstLoss;
  private boolean ending;
  private boolean tidying;

  // SUBACK and UNSUBACK.
  private long answers;
  private @Nullable ClientException refusal;

  Run(Target target) throws IOException {
    this.target = target;
    this.limitNanos = target.limit().toNanos();
    this.loop = new ClientLoop();
    this.server = new ServerProcess(target.pids());
  }

  String topic(String rest) {
    return target.topicPrefix() + "/" + Integer.toHexString(id) + "/" + rest;
  }

  TopicName topicName(String rest) {
    try {
      return TopicName.of(topic(rest));
    } catch (InvalidTopicException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** Something that was waited for has happened. */
  void progress() {
    progress++;
  }

  /** When something happened last, to a pass of the loop. */
  long lastProgressNanos() {
    return lastProgressNanos;
  }

  /** What is to last so long has this time beside the limit. */
  void allow(Duration planned) {
    limitNanos += Math.min(TimeUnit.NANOSECONDS.convert(planned), Long.MAX_VALUE - limitNanos);
  }

  /** Whether the limit is reached. */
  boolean isTimeUp() {
    return System.nanoTime() - startNanos > limitNanos;
  }

  /** Work has nothing to do before this time, which is no stall. */
  void waitUntil(long nanos) {
    dueNanos = nanos;
  }

  /** Whether a client's connection ended without being asked to. */
  boolean isLost() {
    return firstLoss != null;
  }

  /** Whether the measurement is to end early. */
  boolean isStopped() {
    return target.stopped().getAsBoolean();
  }

  /** Puts what every report ends with. */
  Report end(Report report) {
    report.check("connections-lost", connectionsLost);
    if (firstLoss != null) {
      report.put("first-loss", String.valueOf(firstLoss.getMessage()));
    }
    return putStopped(report);
  }

  /** Says that the figures are of less than was asked for, if they are. */
  Report putStopped(Report report) {
    return isStopped() ? report.put("stopped", "early") : report;
  }

  /** For measurements that make no sense with a client less. */
  void throwIfLost() throws ClientException {
    if (firstLoss != null) {
      throw firstLoss;
    }
  }

  /** Begins with what every report says. */
  Report report(String mode) {
    return new Report(mode.toLowerCase(Locale.ROOT).replace('_', '-'))
        .put("url", target.endpoint().toString())
        .put("mqtt", target.version() == ProtocolVersion.V5 ? "5" : "3.1.1");
  }

  /** Work between two passes. */
  interface Work {
    /** Whether it could go on at once, so that the network is only glanced at. */
    boolean run() throws ClientException;
  }

  /**
   * Passes until something is done.
   *
   * @return false when it was given up: nothing moved any more, or the run's time is up
   */
  boolean await(BooleanSupplier done, Work work) throws ClientException, IOException {
    long seen = progress;
    long goesOnNanos = System.nanoTime();
    dueNanos = goesOnNanos;
    while (!done.getAsBoolean()) {
      boolean goesOn = work.run();
      loop.pass(goesOn ? 0 : idleWaitMillis());
      long now = System.nanoTime();
      if (progress != seen) {
        seen = progress;
        lastProgressNanos = now;
      }
      if (goesOn) {
        goesOnNanos = now;
      }
      long lastNanos = Math.max(dueNanos, Math.max(lastProgressNanos, goesOnNanos));
      if (now - lastNanos > target.stall().toNanos() || (isTimeUp() && !tidying)) {
        return false;
      }
    }
    return true;
  }

  private long idleWaitMillis() {
    long untilDue = dueNanos - System.nanoTime();
    if (untilDue <= 0) {
      return IDLE_WAIT_MILLIS;
    }
    return Math.min(
        IDLE_WAIT_MILLIS, TimeUnit.NANOSECONDS.toMillis(Math.max(0, untilDue - SPIN_NANOS)));
  }

  boolean await(BooleanSupplier done) throws ClientException, IOException {
    return await(done, () -> false);
  }

  /** Opens a client whose loss counts. */
  MqttClient open(Connect connect, ClientListener listener, int number) throws ClientException {
    InetSocketAddress local =
        target.sourceAddresses() == 1
            ? null
            : new InetSocketAddress("127.0.1." + (1 + number % target.sourceAddresses()), 0);
    return loop.open(target.endpoint(), target.tls(), connect, listener, local);
  }

  /** Connects clients, some at a time, and waits for them all. */
  List<MqttClient> connectAll(
      int count, IntFunction<Connect> connects, IntFunction<? extends ClientListener> listeners)
      throws ClientException, IOException {
    List<MqttClient> clients = new ArrayList<>(count);
    List<MqttClient> connecting = new ArrayList<>();
    boolean all =
        await(
            () -> clients.size() == count && connecting.isEmpty(),
            () -> {
              if (isStopped() && !tidying) {
                throw new ClientException(
                    target.endpoint() + ": stopped while clients connected: nothing is measured");
              }
              throwIfAnyFailed(connecting);
              if (connecting.removeIf(MqttClient::isConnected)) {
                progress();
              }
              while (connecting.size() < target.connectingMax() && clients.size() < count) {
                int number = clients.size();
                MqttClient client = open(connects.apply(number), listeners.apply(number), number);
                clients.add(client);
                connecting.add(client);
              }
              return false;
            });
    if (!all) {
      throw new ClientException(
          ClientException.Kind.UNREACHABLE,
          target.endpoint() + ": " + connecting.size() + " connections were not answered in time");
    }
    return clients;
  }

  static void throwIfAnyFailed(List<MqttClient> clients) throws ClientException {
    for (MqttClient client : clients) {
      ClientException failure = client.failure();
      if (failure != null) {
        throw failure;
      }
    }
  }

  /** Has each client subscribe, and waits for all answers. */
  void subscribeAll(List<MqttClient> clients, IntFunction<List<String>> filters, Qos qos)
      throws ClientException, IOException {
    long expected = answers + clients.size();
    for (int i = 0; i < clients.size(); i++) {
      int _ = clients.get(i).subscribe(requested(filters.apply(i), qos), Properties.NONE);
    }
    if (!await(() -> answers == expected || refusal != null)) {
      throw new ClientException(target.endpoint() + ": subscriptions were not answered in time");
    }
    throwIfRefused();
  }

  /** SUBACKs and UNSUBACKs so far. */
  long answers() {
    return answers;
  }

  void throwIfRefused() throws ClientException {
    if (refusal != null) {
      throw refusal;
    }
  }

  /** Waits until the broker has read all that these clients sent: it answers what comes behind. */
  void awaitRead(List<MqttClient> clients) throws ClientException, IOException {
    long expected = answers + clients.size();
    for (MqttClient client : clients) {
      int _ = client.unsubscribe(List.of(topic("nothing")));
    }
    if (!await(() -> answers >= expected)) {
      throw new ClientException(target.endpoint() + ": the broker does not answer any more");
    }
  }

  void disconnectAll(List<MqttClient> clients) throws ClientException, IOException {
    clients.forEach(MqttClient::disconnect);
    boolean _ = await(() -> clients.stream().allMatch(MqttClient::isClosed));
  }

  /** What leaves nothing behind. */
  interface Tidying {
    void run() throws ClientException, IOException;
  }

  /** Goes on when the measurement is stopped, and beyond its limit. */
  void tidy(Tidying work) throws ClientException, IOException {
    tidying = true;
    try {
      work.run();
    } finally {
      tidying = false;
    }
  }

  /** Makes the broker forget sessions that outlive their connections. */
  void endSessions(int count, String role) throws ClientException, IOException {
    tidy(() -> disconnectAll(connectAll(count, i -> target.clean(role, i), _ -> new Member(this))));
  }

  /** The same after a measurement. What it said stands when the broker went away meanwhile. */
  void endSessionsAfterwards(int count, String role) throws ClientException, IOException {
    try {
      endSessions(count, role);
    } catch (ClientException e) {
      if (!isLost()) {
        throw e;
      }
    }
  }

  static List<RequestedSubscription> requested(List<String> filters, Qos qos) {
    SubscriptionOptions options = SubscriptionOptions.ofQos(qos);
    return filters.stream().map(f -> new RequestedSubscription(f, options)).toList();
  }

  /** A client of a run: its answers are waited for, its loss is counted. */
  static class Member implements ClientListener {
    private final Run run;

    Member(Run run) {
      this.run = run;
    }

    @Override
    public void onAnswer(MqttClient client, Packet answer) {
      run.onAnswer(client, answer);
    }

    @Override
    public void onClosed(MqttClient client, @Nullable ClientException failure) {
      run.onClosed(failure);
    }
  }

  private void onAnswer(MqttClient client, Packet answer) {
    answers++;
    progress();
    if (answer instanceof SubAck subAck && refusal == null) {
      for (ReasonCode reason : subAck.reasons()) {
        if (reason.isError()) {
          refusal =
              new ClientException(
                  Explanation.ofRefusal(reason),
                  client
                      + ": the broker refused a subscription: "
                      + Explanation.reason(reason, subAck.properties()));
          return;
        }
      }
    }
  }

  private void onClosed(@Nullable ClientException failure) {
    progress();
    if (failure != null && !ending) {
      connectionsLost++;
      firstLoss = firstLoss == null ? failure : firstLoss;
    }
  }

  /** Closes all connections. */
  @Override
  public void close() throws IOException {
    ending = true;
    loop.close();
  }
}
