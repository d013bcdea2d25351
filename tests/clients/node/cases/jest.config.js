export default { globalSetup: 'mockspaces/global-setup', testMatch: ['<rootDir>/*.test.js', '<rootDir>/*.jest.js'], transform: {} };
