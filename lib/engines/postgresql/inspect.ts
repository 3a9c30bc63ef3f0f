export const inspect = async (): Promise<never> => {
  throw new Error('stand-in');
};
