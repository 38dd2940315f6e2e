package io.signalbox.server.routing;

/**
 * The receivers of one topic: each client once, and the groups that share a matching filter.
 * Immutable; going through it by index allocates nothing.
 */
public final class Route {
  static final Route NOBODY = new Route(new Delivery[0], new SharedGroup[0], 0);

  private final Delivery[] deliveries;
  private final SharedGroup[] groups;
  private final int bytes;

  /**
   * @param ownBytes approximate heap of the deliveries that only this route refers to
   */
  Route(Delivery[] deliveries, SharedGroup[] groups, int ownBytes) {
    this.deliveries = deliveries;
    this.groups = groups;
    this.bytes = 56 + Integer.BYTES * (deliveries.length + groups.length) + ownBytes;
  }

  /** Clients with a subscription of their own. */
  public int size() {
    return deliveries.length;
  }

  /**
   * @param index 0 to {@link #size} - 1
   */
  public Delivery delivery(int index) {
    return deliveries[index];
  }

  /** Groups, each to be asked for one member per message. */
  public int groupCount() {
    return groups.length;
  }

  /**
   * @param index 0 to {@link #groupCount} - 1
   */
  public SharedGroup group(int index) {
    return groups[index];
  }

  /** Whether nobody subscribed to the topic. */
  public boolean isEmpty() {
    return deliveries.length == 0 && groups.length == 0;
  }

  /** Approximate heap that goes when this route does. */
  int bytes() {
    return bytes;
  }
}
