package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ConfigReader;
import io.signalbox.server.config.IoConfig;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.transport.TransportLimits;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** That every limit of the file arrives, with another value for each, where it is kept. */
final class ConfiguredLimitsTest {
  /** Bounds that no key has. */
  private static final Map<String, Object> FIXED =
      Map.of(
          "dirtyConnectionsMax", TransportLimits.DEFAULTS.dirtyConnectionsMax(),
          "carryBytesWhenTight", TransportLimits.DEFAULTS.carryBytesWhenTight());

  private final StringBuilder yaml = new StringBuilder();

  /** Those of the sections, by name. */
  private final Map<String, Object> written = new HashMap<>(FIXED);

  /** Each value once, so that none is taken for another. */
  private final Map<Long, String> keys = new HashMap<>();

  @Test
  void everyLimitArrivesUnderItsName() throws Exception {
    write("limits", LimitsConfig.DEFAULTS);
    write("io", IoConfig.DEFAULTS);
    BrokerConfig config = ConfigReader.parse(yaml.toString());

    assertHolds(config.limits());
    assertHolds(config.io());
    assertHolds(TransportLimits.of(config.io(), config.limits()));
  }

  @Test
  void theBoundsOfTheStoreAreThoseOfTheirSections() throws Exception {
    write("store", StoreConfig.DEFAULTS);
    BrokerConfig store = ConfigReader.parse(yaml.toString());
    assertHolds(store.store());
    yaml.setLength(0);
    written.clear(); // one name stands in both sections
    write("limits", LimitsConfig.DEFAULTS);
    write("session", SessionConfig.DEFAULTS);
    yaml.append("  queue-overflow: drop-oldest\n");
    written.put("queueOverflow", SessionConfig.Overflow.DROP_OLDEST);
    written.put("sharedHandover", SessionConfig.DEFAULTS.sharedHandover());
    BrokerConfig others = ConfigReader.parse(yaml.toString());
    assertHolds(others.session());

    written.put("overflow", SessionConfig.Overflow.DROP_OLDEST);
    written.put("queuedMessagesMax", store.store().messagesMax());
    assertHolds(StoreLimits.of(store.store(), others.session(), others.limits()));
  }

  @Test
  void aStoreWithoutABoundOfMessagesHasNone() {
    StoreLimits limits =
        StoreLimits.of(StoreConfig.DEFAULTS, SessionConfig.DEFAULTS, LimitsConfig.DEFAULTS);
    assertEquals(0, StoreConfig.DEFAULTS.messagesMax());
    assertEquals(Long.MAX_VALUE, limits.queuedMessagesMax());
  }

  /** The numbers and times of a section, each a little above its default. */
  private void write(String section, Record defaults) throws ReflectiveOperationException {
    yaml.append(section).append(":\n");
    for (RecordComponent component : defaults.getClass().getRecordComponents()) {
      String key = kebab(component.getName());
      switch (component.getAccessor().invoke(defaults)) {
        case Integer number -> {
          int value = (int) distinct(number, key);
          written.put(component.getName(), value);
          yaml.append("  " + key + ": " + value + "\n");
        }
        case Long number -> {
          long value = distinct(number, key);
          written.put(component.getName(), value);
          yaml.append("  " + key + ": " + value + "\n");
        }
        case Duration time -> {
          long millis = distinct(time.toMillis(), key);
          written.put(component.getName(), Duration.ofMillis(millis));
          yaml.append("  " + key + "-millis: " + millis + "\n");
        }
        default -> {} // a word
      }
    }
  }

  private long distinct(long above, String key) {
    long value = above + 1;
    while (keys.putIfAbsent(value, key) != null) {
      value++;
    }
    return value;
  }

  private static String kebab(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private void assertHolds(Record limits) throws ReflectiveOperationException {
    for (RecordComponent component : limits.getClass().getRecordComponents()) {
      String name = component.getName();
      assertTrue(written.containsKey(name), () -> name + " stands in no section");
      assertEquals(written.get(name), component.getAccessor().invoke(limits), name);
    }
  }
}
