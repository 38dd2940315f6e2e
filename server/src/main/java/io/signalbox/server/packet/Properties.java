package io.signalbox.server.packet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The properties of one packet or Will (MQTT 5.0 section 2.2.2): immutable, typed by {@link
 * Property}. Arrays are shared and never modified.
 *
 * <p>Kept as two bit sets with their values packed behind them, because a publisher with properties
 * makes one of these for each message.
 */
@SuppressWarnings("EnumOrdinal") // as bits of sets that never leave the process
public final class Properties {
  /** No properties at all: what every 3.1.1 packet has. */
  public static final Properties NONE = new Properties(0, new long[0], new Object[0]);

  private static final Property[] ALL = Property.values();
  private static final int[] NO_IDENTIFIERS = {};

  private static final int FORWARDED =
      bit(Property.PAYLOAD_FORMAT_INDICATOR)
          | bit(Property.CONTENT_TYPE)
          | bit(Property.RESPONSE_TOPIC)
          | bit(Property.CORRELATION_DATA)
          | bit(Property.USER_PROPERTY);

  /** The ordinals up to this one are numbers. */
  private static final int NUMBERS = (bit(Property.SHARED_SUBSCRIPTION_AVAILABLE) << 1) - 1;

  // INVARIANT: numbers holds a value for each set bit within NUMBERS, objects for each other one,
  // both in the order of the bits.
  private final int present;
  private final long[] numbers;
  private final Object[] objects;

  private Properties(int present, long[] numbers, Object[] objects) {
    this.present = present;
    this.numbers = numbers;
    this.objects = objects;
  }

  private static int bit(Property property) {
    return 1 << property.ordinal();
  }

  public boolean isEmpty() {
    return present == 0;
  }

  public boolean has(Property property) {
    return (present & bit(property)) != 0;
  }

  /**
   * @param property of a {@linkplain Property.Type#isNumber number} type
   * @param otherwise what absence means
   */
  public long number(Property property, long otherwise) {
    require(property.type().isNumber(), property);
    return has(property)
        ? numbers[Integer.bitCount(present & NUMBERS & (bit(property) - 1))]
        : otherwise;
  }

  /** The text of a STRING property, or null when it is absent. */
  public @Nullable String string(Property property) {
    require(property.type() == Property.Type.STRING, property);
    return (String) object(property);
  }

  /** The bytes of a BINARY property, or null when it is absent. */
  public byte @Nullable [] binary(Property property) {
    require(property.type() == Property.Type.BINARY, property);
    return (byte[]) object(property);
  }

  /** In the order in which they came. */
  @SuppressWarnings("unchecked")
  public List<UserProperty> userProperties() {
    Object all = object(Property.USER_PROPERTY);
    return all == null ? List.of() : (List<UserProperty>) all;
  }

  /** Empty when there is none. */
  public int[] subscriptionIdentifiers() {
    Object all = object(Property.SUBSCRIPTION_IDENTIFIER);
    return all == null ? NO_IDENTIFIERS : (int[]) all;
  }

  private @Nullable Object object(Property property) {
    return has(property)
        ? objects[Integer.bitCount(present & ~NUMBERS & (bit(property) - 1))]
        : null;
  }

  private static void require(boolean fits, Property property) {
    if (!fits) {
      throw new IllegalArgumentException(property + " is a " + property.type());
    }
  }

  /** Every property that is present, once each, in the order of {@link Property}. */
  public List<Property> names() {
    var names = new ArrayList<Property>(Integer.bitCount(present));
    for (int rest = present; rest != 0; rest &= rest - 1) {
      names.add(ALL[Integer.numberOfTrailingZeros(rest)]);
    }
    return names;
  }

  public Properties with(Property property, long value) {
    return toBuilder().put(property, value).build();
  }

  public Properties with(Property property, String value) {
    return toBuilder().put(property, value).build();
  }

  public Properties with(Property property, byte[] value) {
    return toBuilder().put(property, value).build();
  }

  public Properties withUserProperty(String name, String value) {
    return toBuilder().addUserProperty(name, value).build();
  }

  /** These properties less all values of one. */
  public Properties without(Property property) {
    return has(property) ? only(~bit(property)) : this;
  }

  /**
   * Those that a server passes on unchanged with PUBLISH (section 3.3.2.3): Payload Format
   * Indicator, Content Type, Response Topic, Correlation Data and User Properties. The Message
   * Expiry Interval is not among them because it is sent as what remains of it.
   */
  public Properties forwarded() {
    return (present & ~FORWARDED) == 0 ? this : only(FORWARDED);
  }

  private Properties only(int kept) {
    if ((present & kept) == 0) {
      return NONE;
    }
    var builder = new Builder();
    builder.copy(this, kept);
    return builder.build();
  }

  public static Builder builder() {
    return new Builder();
  }

  public Builder toBuilder() {
    var builder = new Builder();
    builder.copy(this, -1);
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Properties those
        && present == those.present
        && Arrays.equals(numbers, those.numbers)
        && Arrays.deepEquals(objects, those.objects);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * present + Arrays.hashCode(numbers)) + Arrays.deepHashCode(objects);
  }

  /** For logs: binary values, which may be credentials, only by their length. */
  @Override
  public String toString() {
    var text = new StringBuilder("{");
    for (Property property : names()) {
      text.append(text.length() == 1 ? "" : ", ").append(property).append('=');
      Object value = property.type().isNumber() ? number(property, 0) : object(property);
      switch (value) {
        case byte[] bytes -> text.append(bytes.length).append(" bytes");
        case int[] identifiers -> text.append(Arrays.toString(identifiers));
        case null, default -> text.append(value);
      }
    }
    return text.append('}').toString();
  }

  /** Gathers properties; not for use by two threads. */
  public static final class Builder {
    private int present;
    // Filled by ordinal and packed at the end.
    private final long[] numbers = new long[Integer.bitCount(NUMBERS)];
    private final @Nullable Object[] objects = new Object[ALL.length - Integer.bitCount(NUMBERS)];
    private @Nullable List<UserProperty> userProperties;
    private int[] identifiers = NO_IDENTIFIERS;
    private int identifierCount;

    private Builder() {}

    private void copy(Properties from, int kept) {
      for (Property property : from.names()) {
        if ((bit(property) & kept) == 0) {
          continue;
        }
        if (property.type().isNumber()) {
          put(property, from.number(property, 0));
        } else if (property == Property.USER_PROPERTY) {
          from.userProperties().forEach(p -> addUserProperty(p.name(), p.value()));
        } else if (property == Property.SUBSCRIPTION_IDENTIFIER) {
          for (int identifier : from.subscriptionIdentifiers()) {
            addSubscriptionIdentifier(identifier);
          }
        } else {
          putObject(property, Objects.requireNonNull(from.object(property)));
        }
      }
    }

    /**
     * @param value within the property's range
     */
    public Builder put(Property property, long value) {
      require(property.type().isNumber(), property);
      if (value < property.smallest() || value > property.largest()) {
        throw new IllegalArgumentException(
            property
                + " "
                + value
                + " is outside "
                + property.smallest()
                + ".."
                + property.largest());
      }
      numbers[property.ordinal()] = value;
      present |= bit(property);
      return this;
    }

    /**
     * @param value at most 65,535 bytes of UTF-8
     */
    public Builder put(Property property, String value) {
      require(property.type() == Property.Type.STRING, property);
      return putObject(property, value);
    }

    /**
     * @param value at most 65,535 bytes; kept, not copied
     */
    public Builder put(Property property, byte[] value) {
      require(property.type() == Property.Type.BINARY, property);
      return putObject(property, value);
    }

    private Builder putObject(Property property, Object value) {
      setObject(property, value);
      present |= bit(property);
      return this;
    }

    public Builder addUserProperty(String name, String value) {
      if (userProperties == null) {
        userProperties = new ArrayList<>();
      }
      userProperties.add(new UserProperty(name, value));
      present |= bit(Property.USER_PROPERTY);
      return this;
    }

    /**
     * @param identifier 1..268,435,455
     */
    public Builder addSubscriptionIdentifier(int identifier) {
      if (identifier < 1 || identifier > Property.SUBSCRIPTION_IDENTIFIER.largest()) {
        throw new IllegalArgumentException("subscription identifier " + identifier);
      }
      if (identifierCount == identifiers.length) {
        identifiers = Arrays.copyOf(identifiers, Math.max(1, 2 * identifierCount));
      }
      identifiers[identifierCount++] = identifier;
      present |= bit(Property.SUBSCRIPTION_IDENTIFIER);
      return this;
    }

    public boolean has(Property property) {
      return (present & bit(property)) != 0;
    }

    public Properties build() {
      if (present == 0) {
        return NONE;
      }
      if (userProperties != null) {
        setObject(Property.USER_PROPERTY, List.copyOf(userProperties));
      }
      if (identifierCount > 0) {
        setObject(Property.SUBSCRIPTION_IDENTIFIER, Arrays.copyOf(identifiers, identifierCount));
      }
      var packed = new long[Integer.bitCount(present & NUMBERS)];
      int count = 0;
      for (int rest = present & NUMBERS; rest != 0; rest &= rest - 1) {
        packed[count++] = numbers[Integer.numberOfTrailingZeros(rest)];
      }
      var packedObjects = new Object[Integer.bitCount(present & ~NUMBERS)];
      count = 0;
      for (Object value : objects) {
        if (value != null) {
          packedObjects[count++] = value;
        }
      }
      return new Properties(present, packed, packedObjects);
    }

    private void setObject(Property property, Object value) {
      objects[property.ordinal() - numbers.length] = value;
    }
  }
}
