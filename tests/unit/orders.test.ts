import { describe, expect, it } from 'vitest';
import {
  clearOrder,
  copyOrders,
  NEVER_MS,
  noOrders,
  ORDER_COLUMNS,
  requestCancel,
} from '../../shared/execution/orders.ts';

describe('working orders in columns', () => {
  it('begin empty and are emptied again, texts too', () => {
    const orders = noOrders(2);
    for (const column of ORDER_COLUMNS) orders[column][1] = 7;
    orders.cancelCode[1] = 'REPLACED';
    orders.lastCode[1] = 'NO_VOLUME';
    orders.intent[1] = 'TIME_STOP';
    clearOrder(orders, 1);
    expect(orders).toEqual(noOrders(2));
  });

  it('a copy shares nothing', () => {
    const orders = noOrders(1);
    const copy = copyOrders(orders);
    for (const column of ORDER_COLUMNS) orders[column][0] = 7;
    orders.cancelCode[0] = 'REPLACED';
    orders.lastCode[0] = 'NO_BAR';
    orders.intent[0] = 'INVALIDATED';
    expect(copy).toEqual(noOrders(1));
  });

  it('the earliest request to cancel stands, with its code', () => {
    const orders = noOrders(1);
    requestCancel(orders, 0, 50, 'KILL_SWITCH');
    expect(orders.cancelAtMs[0]).toBe(0); // there is no order
    orders.quantity[0] = 1;
    orders.cancelAtMs[0] = NEVER_MS;
    requestCancel(orders, 0, 100, 'REPLACED');
    requestCancel(orders, 0, 200, 'MARKET_RED');
    expect([orders.cancelAtMs[0], orders.cancelCode[0]]).toEqual([100, 'REPLACED']);
    requestCancel(orders, 0, 50, 'KILL_SWITCH');
    expect([orders.cancelAtMs[0], orders.cancelCode[0]]).toEqual([50, 'KILL_SWITCH']);
  });
});
