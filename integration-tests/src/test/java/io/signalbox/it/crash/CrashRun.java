package io.signalbox.it.crash;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.crash.Subscriber.Habits;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Two dozen clients on one broker, which ends and comes back as often as it is told to. All chance
 * comes from the seed; what the scheduler of the machine adds does not, so a seed repeats the plan
 * of a run and not its every step.
 */
final class CrashRun {
  private static final int PUBLISHERS = 4;
  private static final int TOPICS = 3;
  private static final long WITHOUT_PROGRESS_SECONDS = 90;
  private static final long LIFE_NANOS_MAX = 1_000_000_000;

  /** How the broker ends, and what the next one finds. */
  interface Blow {
    void strike(BrokerUnderTest broker);
  }

  private final BrokerUnderTest broker;
  private final Random random;
  private final History history = new History();
  private final Stage stage = new Stage();
  private final Shelf shelf = new Shelf(history);
  private final List<Publisher> publishers = new ArrayList<>();
  private final Librarian auditor = new Librarian("auditor", Version.V5, shelf, stage, history);

  CrashRun(BrokerUnderTest broker, long seed) {
    this.broker = broker;
    this.random = new Random(seed);
  }

  /**
   * Plays with so many kills, then has everybody finish and settles accounts.
   *
   * @return what happened, for people
   */
  String play(int kills, Blow blow) throws InterruptedException {
    Librarian.open(endpoint());
    enterReceivers();
    enterSenders();
    long beforeKill = 0;
    for (int kill = 0; kill < kills; kill++) {
      stage.up(endpoint());
      awaitWork(beforeKill + 20, random.nextInt(400), 20 + random.nextInt(180));
      stage.throwIfFailed();
      stage.down();
      blow.strike(broker);
      beforeKill = history.acknowledged.get();
      broker.restart();
      auditor.look(endpoint()); // before anybody changes it
      history.hasRoom();
    }
    stage.up(endpoint());
    settle();
    return kills
        + " kills, "
        + history.acknowledged
        + " messages acknowledged, "
        + history.delivered
        + " delivered, "
        + history.repeated
        + " of them again, "
        + history.resumed
        + " QoS 2 resumed, "
        + stage.refusals()
        + " refused for want of room";
  }

  /**
   * As a blow, or a part of one: the disk has no room, and then some again, so that service goes
   * on.
   *
   * @param refuses somebody is told while it is full
   */
  void playWhileFull(Runnable fill, boolean refuses, Runnable empty) {
    stage.mayBeFull();
    history.mayBeFull();
    long refusals = stage.refusals();
    fill.run();
    await(() -> !refuses || stage.refusals() > refusals, "nobody is told that the disk is full");
    stage.pauseWhileFinishing(random.nextInt(300));
    empty.run();
    long before = history.acknowledged.get();
    await(() -> history.acknowledged.get() > before + 20, "service does not go on");
  }

  private void await(BooleanSupplier condition, String problem) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WITHOUT_PROGRESS_SECONDS);
    while (!condition.getAsBoolean() && !stage.isOver()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(problem);
      }
      stage.pauseWhileFinishing(5);
    }
  }

  private Endpoint endpoint() {
    return broker.endpoint(Transport.TCP);
  }

  /**
   * Until so many messages are acknowledged in all, or on a slow machine some, and then a while for
   * chance.
   */
  private void awaitWork(long some, int more, int millis) {
    long began = System.nanoTime();
    while (history.acknowledged.get() < some + more && !stage.isOver()) {
      long waited = System.nanoTime() - began;
      if (waited > LIFE_NANOS_MAX && history.acknowledged.get() > some) {
        break;
      }
      if (waited > TimeUnit.SECONDS.toNanos(WITHOUT_PROGRESS_SECONDS)) {
        stage.fail(new AssertionError("the broker acknowledges nothing any more"));
      }
      stage.pause(5);
    }
    stage.pause(millis);
  }

  private void settle() throws InterruptedException {
    stage.finish();
    List<String> missing = List.of();
    long progressed = System.nanoTime();
    long before = -1;
    while (!stage.isOver()) {
      boolean done = publishers.stream().allMatch(Publisher::isDone);
      missing = done ? history.missing() : List.of("publishers are still at work");
      if (missing.isEmpty()) {
        break;
      }
      long now = history.delivered.get() + history.acknowledged.get();
      if (now != before) {
        before = now;
        progressed = System.nanoTime();
      } else if (System.nanoTime() - progressed
          > TimeUnit.SECONDS.toNanos(WITHOUT_PROGRESS_SECONDS)) {
        break;
      }
      stage.pauseWhileFinishing(20);
    }
    if (!stage.isOver() && missing.isEmpty()) {
      auditor.look(endpoint());
    }
    stage.end();
    stage.throwIfFailed();
    if (!missing.isEmpty()) {
      throw new AssertionError(
          missing.size() + " lost: " + missing.subList(0, Math.min(10, missing.size())));
    }
  }

  // ---- who takes part

  private Random chance() {
    return new Random(random.nextLong());
  }

  private void enterReceivers() {
    subscriber("steady5", habits(Version.V5, 5, 0, 0), List.of("a/#"), 2, null);
    subscriber("steady3", habits(Version.V3, 0, 0, 0), List.of("a/#"), 2, null);
    subscriber("coming5", habits(Version.V5, 20, 60, 60), List.of("a/#"), 1, null);
    subscriber("coming3", habits(Version.V3, 0, 60, 60), List.of("a/#"), 2, null);
    subscriber("away5", habits(Version.V5, 3, 60, 900), List.of("a/#", "x/#"), 2, null);
    subscriber("away3", habits(Version.V3, 0, 60, 900), List.of("a/#", "x/#"), 1, null);
    List<String> some = IntStream.range(0, PUBLISHERS).mapToObj(i -> "a/" + i + "/+").toList();
    subscriber("fickle5", new Habits(Version.V5, 10, 100, 60, true, false), some, 2, null);
    subscriber("fickle3", new Habits(Version.V3, 0, 100, 60, true, false), some, 2, null);
    subscriber("nomad5", new Habits(Version.V5, 10, 40, 60, false, true), some, 2, null);
    subscriber("nomad3", new Habits(Version.V3, 0, 40, 60, false, true), some, 2, null);
    var twice = new Group();
    subscriber("one-of-two", habits(Version.V5, 4, 60, 60), List.of("$share/g/s/#"), 2, twice);
    subscriber("other-of-two", habits(Version.V3, 0, 60, 60), List.of("$share/g/s/#"), 2, twice);
    var once = new Group();
    subscriber("one-of-once", habits(Version.V5, 9, 60, 60), List.of("$share/h/s/#"), 1, once);
    subscriber("other-of-once", habits(Version.V3, 0, 0, 0), List.of("$share/h/s/#"), 1, once);
  }

  private static Habits habits(Version version, int receiveMaximum, int leaves, int awayMillisMax) {
    return new Habits(version, receiveMaximum, leaves, awayMillisMax, false, false);
  }

  private Subscriber subscriber(
      String name, Habits habits, List<String> filters, int qos, @Nullable Group group) {
    var subscriber = new Subscriber(name, habits, filters, qos, stage, history, group, chance());
    stage.enter(subscriber);
    return subscriber;
  }

  private void enterSenders() {
    for (int i = 0; i < PUBLISHERS; i++) {
      publisher("p" + i, i % 2 == 0 ? Version.V5 : Version.V3, topics("a/" + i), 0);
    }
    publisher("s5", Version.V5, topics("s/5"), 0);
    publisher("s3", Version.V3, topics("s/3"), 0);
    publisher("x5", Version.V5, topics("x/5"), 600);
    for (Version version : Version.values()) {
      String name = "r" + version.level();
      publisher(name, version, shelf.letters(name, topics("r/" + version.level()), chance()));
      stage.enter(new Librarian("reader" + version.level(), version, shelf, stage, history));
    }
    Subscriber executor =
        subscriber("executor", habits(Version.V5, 50, 0, 0), List.of("w/#"), 2, null);
    for (Version version : Version.values()) {
      stage.enter(
          new Mourned("mourned" + version.level(), version, stage, history, chance(), executor));
    }
  }

  private static List<String> topics(String under) {
    return IntStream.range(0, TOPICS).mapToObj(i -> under + "/" + i).toList();
  }

  private void publisher(String name, Version version, List<String> topics, int expirySecondsMax) {
    publisher(name, version, Publisher.letters(name, topics, expirySecondsMax, chance()));
  }

  private void publisher(
      String name, Version version, java.util.function.LongFunction<Letter> letters) {
    var publisher =
        new Publisher(name, version, 1 + random.nextInt(8), stage, history, chance(), letters);
    publishers.add(publisher);
    stage.enter(publisher);
  }
}
