import { thousandSeeds } from './simulator/thousand-seeds.ts';

// In a file of its own, since files run beside each other.
thousandSeeds(1_001);
