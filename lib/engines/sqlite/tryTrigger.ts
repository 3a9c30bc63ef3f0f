export const tryTrigger = async (): Promise<never> => {
  throw new Error('stand-in');
};
